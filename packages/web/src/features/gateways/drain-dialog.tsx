import Alert from '@mui/material/Alert';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { Gateway, RouteResponse, Routes } from '@zeronaut/model';
import { useState } from 'react';
import { call, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { tell } from '../../base/notices.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Time } from '../../ui/time.tsx';
import { gatewayMessages } from './messages.ts';

/** Says what draining would do now, by the API's own word, and does it; or lets a draining gateway work again. */
export function DrainDialog({
  gateway,
  asking,
  onClose,
}: {
  readonly gateway: Gateway;
  /** What was asked for when it was opened: a dialog that turned round while it goes would undo what was just done. */
  readonly asking: 'drain' | 'resume' | null;
  readonly onClose: () => void;
}) {
  const t = useMessages(gatewayMessages);
  const open = asking !== null;
  // While it fades it says what it said.
  const [last, setLast] = useState<'drain' | 'resume'>('drain');
  if (asking !== null && asking !== last) setLast(asking);
  const drain = (asking ?? last) === 'drain';
  const params = { id: gateway.id };
  const change = useRouteMutation('gateways.drain', ['gateways.list', 'gateways.get', 'gateways.getStatus']);
  const plan = useDrainPlan(gateway.id, drain, open);
  return (
    <ConfirmDialog
      open={open}
      title={t(drain ? 'drain.title' : 'resume.title', { name: gateway.name })}
      action={t(drain ? 'drain' : 'resume')}
      harmless={drain ? undefined : true}
      onConfirm={async () => {
        await change.mutateAsync({ params, body: { drain } });
        const undo = () => change.mutateAsync({ params, body: { drain: !drain } });
        tell(t(drain ? 'drain.done' : 'resume.done', { name: gateway.name }), undo);
      }}
      onClose={onClose}
    >
      <Typography>{t(drain ? 'drain.text' : 'resume.text')}</Typography>
      {!drain || plan === undefined ? null : <DrainPlan plan={plan} />}
    </ConfirmDialog>
  );
}

type Plan = RouteResponse<Routes['gateways.drain']>;

/** Not kept: what would happen is asked each time. */
export function useDrainPlan(id: string, drain: boolean, isOn: boolean): Plan | undefined {
  return useQuery({
    queryKey: ['drain plan', id, drain],
    queryFn: ({ signal }) => call('gateways.drain', { params: { id }, body: { drain, dryRun: true } }, { signal }),
    enabled: isOn,
    gcTime: 0,
  }).data;
}

/** What is open there now, and who else takes over. `isCut`: it is not waited for. */
export function DrainPlan({ plan, isCut = false }: { readonly plan: Plan; readonly isCut?: boolean }) {
  const t = useMessages(gatewayMessages);
  return (
    <>
      <Facts
        rows={[
          [t('drain.others'), plan.others],
          ...(plan.open === null
            ? []
            : [
                [t('now.http'), plan.open.connections] as const,
                [t('now.tcp'), plan.open.tcpConnections] as const,
                [t('now.udp'), plan.open.udpSessions] as const,
                [t('now.forwards'), plan.open.forwards] as const,
              ]),
          isCut ? null : [t('drain.until'), <Time key="until" at={plan.draining?.until ?? null} />],
        ]}
      />
      {plan.others > 0 ? null : <Alert severity="warning">{t('drain.alone')}</Alert>}
    </>
  );
}
