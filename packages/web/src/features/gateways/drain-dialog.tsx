import Alert from '@mui/material/Alert';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { Gateway } from '@zeronaut/model';
import { call, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Time } from '../../ui/time.tsx';
import { gatewayMessages } from './messages.ts';

/** Says what draining would do now, by the API's own word, and does it; or lets a draining gateway work again. */
export function DrainDialog({
  gateway,
  open,
  onClose,
}: {
  readonly gateway: Gateway;
  readonly open: boolean;
  readonly onClose: () => void;
}) {
  const t = useMessages(gatewayMessages);
  const drain = gateway.draining === null;
  const params = { id: gateway.id };
  const change = useRouteMutation('gateways.drain', ['gateways.list', 'gateways.get', 'gateways.getStatus']);
  // Not kept: what would happen is asked each time.
  const { data: plan } = useQuery({
    queryKey: ['drain plan', gateway.id, drain],
    queryFn: ({ signal }) => call('gateways.drain', { params, body: { drain, dryRun: true } }, { signal }),
    enabled: open,
    gcTime: 0,
  });
  return (
    <ConfirmDialog
      open={open}
      title={t(drain ? 'drain.title' : 'resume.title', { name: gateway.name })}
      action={t(drain ? 'drain' : 'resume')}
      harmless={drain ? undefined : true}
      onConfirm={() => change.mutateAsync({ params, body: { drain } })}
      onClose={onClose}
    >
      <Typography>{t(drain ? 'drain.text' : 'resume.text')}</Typography>
      {!drain || plan === undefined ? null : (
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
              [t('drain.until'), <Time key="until" at={plan.draining?.until ?? null} />],
            ]}
          />
          {plan.others > 0 ? null : <Alert severity="warning">{t('drain.alone')}</Alert>}
        </>
      )}
    </ConfirmDialog>
  );
}
