import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { call, routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { useBegin } from '../../base/use-begin.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Leads } from '../../ui/leads.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { PendingThing } from '../../ui/pending-thing.tsx';
import { PlaceButton, usePlaceFact } from '../../ui/place-button.tsx';
import { Section } from '../../ui/section.tsx';
import { useSegmentsFact } from '../../ui/segments-fact.tsx';
import { Time } from '../../ui/time.tsx';
import { TrafficCharts } from '../../ui/traffic-charts.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { DrainDialog, DrainPlan, useDrainPlan } from './drain-dialog.tsx';
import { GatewayCertificates } from './gateway-certificates.tsx';
import { GatewayLag } from './gateway-lag.tsx';
import { GatewayLease } from './gateway-lease.tsx';
import { GatewayLoadCharts, GatewayNow } from './gateway-load.tsx';
import { GatewayLog } from './gateway-log.tsx';
import { GatewayStatus } from './gateway-status.tsx';
import { gatewayMessages } from './messages.ts';

const route = getRouteApi('/gateways/$id');

export function GatewayPage() {
  const t = useMessages(gatewayMessages);
  const segmentsFact = useSegmentsFact();
  const placeFact = usePlaceFact();
  const may = useMay();
  const navigate = useNavigate();
  const { id } = route.useParams();
  const [revoking, setRevoking] = useState(false);
  const plan = useDrainPlan(id, true, revoking);
  const [asking, setAsking] = useState<'drain' | 'resume' | null>(null);
  useBegin({ drain: may('gateways:write') ? () => setAsking('drain') : null });
  const setPlace = useRouteMutation('gateways.setPlace', ['gateways.list', 'gateways.get']);
  const revoke = useRouteMutation('gateways.delete', ['gateways.list', 'gateways.get']);
  const { data: gateway, error, refetch } = useQuery(routeQuery('gateways.get', { params: { id } }));
  const { data: status } = useQuery(routeQuery('gateways.getStatus', { params: { id } }));
  if (gateway === undefined) {
    return <PendingThing kind="gateway" label={t('title')} error={error} onRetry={() => void refetch()} />;
  }
  const isLocal = gateway.baseDomain === 'localhost' || gateway.baseDomain.endsWith('.localhost');
  return (
    <>
      <PageHeader
        title={gateway.name}
        subtitle={<GatewayStatus gateway={gateway} />}
        actions={
          may('gateways:write') && gateway.status === 'active' ? (
            <>
              <Button
                variant="outlined"
                color="inherit"
                onClick={() => setAsking(gateway.draining === null ? 'drain' : 'resume')}
              >
                {t(gateway.draining === null ? 'drain' : 'resume')}
              </Button>
              <PlaceButton
                name={gateway.name}
                placed={gateway}
                reload={() => call('gateways.get', { params: { id } })}
                onSave={(place, version) => setPlace.mutateAsync({ params: { id }, body: { place }, version })}
              />
              <Button variant="outlined" color="error" onClick={() => setRevoking(true)}>
                {t('revoke')}
              </Button>
            </>
          ) : null
        }
      />
      <TwoColumns>
        {status === undefined ? null : <GatewayNow status={status} />}
        <Section title={t('section.about')}>
          <Facts
            rows={[
              gateway.draining === null
                ? null
                : [t('fact.drained'), <Time key="drained" at={gateway.draining.until} />],
              [t('fact.domain'), gateway.baseDomain],
              [t('fact.address'), gateway.publicHost],
              [t('column.region'), gateway.region],
              segmentsFact(gateway),
              placeFact(gateway.place),
              [t('fact.https'), gateway.httpsPort],
              [t('fact.tunnel'), gateway.tunnelPort],
              [t('fact.range'), `${gateway.portRange.from}–${gateway.portRange.to}`],
              [t('fact.version'), gateway.softwareVersion ?? t('fact.unknown')],
              [
                t('fact.snapshot'),
                status === undefined ? (
                  (gateway.snapshotVersion ?? t('fact.unknown'))
                ) : (
                  <GatewayLag key="lag" gateway={status} since />
                ),
              ],
              gateway.status === 'active' ? [t('fact.lease'), <GatewayLease key="lease" gateway={gateway} />] : null,
              [t('fact.lastSeen'), <Time key="seen" at={gateway.lastSeenAt} />],
              [t('fact.created'), <Time key="created" at={gateway.createdAt} />],
              [t('fact.id'), <code key="id">{gateway.id}</code>],
            ]}
          />
        </Section>
        <GatewayCertificates id={id} />
        <Leads id={id} accesses={{ gateway: id }} />
        {isLocal ? null : (
          <Section title={t('section.dns')}>
            <Box sx={{ display: 'grid', gap: 1.5 }}>
              <Typography color="textSecondary">{t('dns.text')}</Typography>
              {dnsRecords(gateway.baseDomain, gateway.publicHost).map((record) => (
                <CopyText key={record} text={record} label={t('dns.record')} />
              ))}
            </Box>
          </Section>
        )}
      </TwoColumns>
      {status === undefined ? null : <GatewayLoadCharts status={status} />}
      {may('events:read') ? (
        <Box sx={{ mt: 2 }}>
          <TrafficCharts gatewayId={gateway.id} />
        </Box>
      ) : null}
      {may('gateway_logs:read') && gateway.status === 'active' ? (
        <Box sx={{ mt: 2 }}>
          <GatewayLog id={gateway.id} />
        </Box>
      ) : null}
      <DrainDialog gateway={gateway} asking={asking} onClose={() => setAsking(null)} />
      <ConfirmDialog
        open={revoking}
        title={t('revoke.title', { name: gateway.name })}
        action={t('revoke')}
        typeName={gateway.name}
        onConfirm={async () => {
          await revoke.mutateAsync({ params: { id } });
          await navigate({ to: '/gateways' });
        }}
        onClose={() => setRevoking(false)}
      >
        <Typography>{t('revoke.text')}</Typography>
        {plan === undefined ? null : <DrainPlan plan={plan} isCut />}
      </ConfirmDialog>
    </>
  );
}

function dnsRecords(domain: string, host: string): string[] {
  const type = host.includes(':') ? 'AAAA' : /^[\d.]+$/.test(host) ? 'A' : 'CNAME';
  return [`*.${domain}. IN ${type} ${type === 'CNAME' ? `${host}.` : host}`];
}
