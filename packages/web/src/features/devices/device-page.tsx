import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { Device, PostureState } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { call, routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import { useMay } from '../../base/session.ts';
import { useBegin } from '../../base/use-begin.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Lead, Leads } from '../../ui/leads.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { PendingThing } from '../../ui/pending-thing.tsx';
import { PlaceButton, usePlaceFact } from '../../ui/place-button.tsx';
import { RemovalEffects } from '../../ui/removal-effects.tsx';
import { useRiskFact } from '../../ui/risk-fact.tsx';
import { Section } from '../../ui/section.tsx';
import { useSegmentsFact } from '../../ui/segments-fact.tsx';
import { ShortList } from '../../ui/short-list.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { Time } from '../../ui/time.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { DeviceStatus, stateOf } from './device-state.tsx';
import { DevicePresence, DeviceTunnels } from './device-tunnels.tsx';
import { DiscoveredServices } from './discovered-services.tsx';
import { deviceMessages } from './messages.ts';

const route = getRouteApi('/devices/$id');
const Activity = lazy(async () => ({ default: (await import('../../ui/activity.tsx')).Activity }));
const MEANING: Record<PostureState, Meaning> = { on: 'ok', off: 'bad', unknown: 'warn' };
const CHANGED = ['devices.get', 'devices.list', 'resources.list', 'services.list', 'sites.list'] as const;

export function DevicePage() {
  const t = useMessages(deviceMessages);
  const segmentsFact = useSegmentsFact();
  const riskFact = useRiskFact();
  const placeFact = usePlaceFact();
  const nameOf = useNameOf();
  const may = useMay();
  const { id } = route.useParams();
  const { data: device, error, refetch } = useQuery(routeQuery('devices.get', { params: { id } }));
  const [asking, setAsking] = useState<'approve' | 'revoke' | null>(null);
  const mayWrite = may('devices:write');
  useBegin({
    approve: mayWrite ? () => setAsking('approve') : null,
    revoke: mayWrite ? () => setAsking('revoke') : null,
  });
  const approve = useRouteMutation('devices.approve', CHANGED);
  const revoke = useRouteMutation('devices.delete', CHANGED);
  const setPlace = useRouteMutation('devices.setPlace', ['devices.list', 'devices.get']);
  if (device === undefined) {
    return <PendingThing kind="device" label={t('title')} error={error} onRetry={() => void refetch()} />;
  }
  const state = stateOf(device);
  return (
    <>
      <PageHeader
        title={device.name}
        subtitle={<DeviceStatus device={device} />}
        actions={
          may('devices:write') && state !== 'revoked' ? (
            <>
              <PlaceButton
                name={device.name}
                placed={device}
                reload={() => call('devices.get', { params: { id } })}
                onSave={(place, version) => setPlace.mutateAsync({ params: { id }, body: { place }, version })}
              />
              <Button variant="outlined" color="error" onClick={() => setAsking('revoke')}>
                {t('revoke')}
              </Button>
              {state === 'pending' ? (
                <Button variant="contained" onClick={() => setAsking('approve')}>
                  {t('approve')}
                </Button>
              ) : null}
            </>
          ) : null
        }
      />
      <TwoColumns>
        <Section title={t('section.about')}>
          <Facts
            rows={[
              [
                t('fact.owner'),
                may('users:read') ? (
                  <TextLink key="owner" to="/users/$id" params={{ id: device.userId }}>
                    {nameOf(device.userId)}
                  </TextLink>
                ) : (
                  nameOf(device.userId)
                ),
              ],
              [t('column.seen'), <DevicePresence key="seen" device={device} />],
              [t('fact.created'), <Time key="created" at={device.createdAt} />],
              device.approvedAt === null ? null : [t('fact.approved'), <Time key="approved" at={device.approvedAt} />],
              device.revokedAt === null ? null : [t('fact.revoked'), <Time key="revoked" at={device.revokedAt} />],
              [t('fact.certificate'), <Time key="certificate" at={device.certificateExpiresAt} />],
              [t('fact.key'), <code key="key">{device.keyFingerprint}</code>],
              segmentsFact(device),
              riskFact(device),
              placeFact(device.place),
              [t('fact.id'), <code key="id">{device.id}</code>],
            ]}
          />
        </Section>
        <Posture device={device} />
        {state === 'revoked' ? null : <DeviceTunnels id={device.id} />}
        <Publishes id={device.id} />
        <Leads id={device.id} accesses={{ subject: device.userId, q: device.id }}>
          {may('policies:read') && state === 'approved' ? (
            <Lead to={{ to: '/policies/reach', search: { device: device.id } }}>{t('leads.reach')}</Lead>
          ) : null}
        </Leads>
        {state === 'revoked' ? null : <DiscoveredServices id={device.id} />}
      </TwoColumns>
      {may('events:read') ? (
        <Suspense fallback={<RowsSkeleton rows={5} label={t('title')} />}>
          <Activity id={device.id} />
        </Suspense>
      ) : null}
      <ConfirmDialog
        open={asking === 'approve'}
        title={t('approve.title', { name: device.name })}
        action={t('approve')}
        harmless
        onConfirm={() => approve.mutateAsync({ params: { id } })}
        onClose={() => setAsking(null)}
      >
        <Typography>{t('approve.text')}</Typography>
        <code>{device.keyFingerprint}</code>
        <CopyText text="npx zeronaut devices show-key" label={t('approve.command')} />
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === 'revoke'}
        title={t('revoke.title', { name: device.name })}
        action={t('revoke')}
        typeName={device.name}
        onConfirm={() => revoke.mutateAsync({ params: { id } })}
        onClose={() => setAsking(null)}
      >
        <Typography>{t('revoke.text')}</Typography>
        {asking === 'revoke' ? <RemovalEffects of="devices" id={id} /> : null}
      </ConfirmDialog>
    </>
  );
}

function Posture({ device: { posture } }: { readonly device: Device }) {
  const t = useMessages(deviceMessages);
  if (posture === null) {
    return (
      <Section title={t('section.posture')}>
        <Typography color="textSecondary" sx={{ mb: 1 }}>
          {t('posture.how')}
        </Typography>
        <CopyText text="npx zeronaut devices report" label={t('posture.how')} />
      </Section>
    );
  }
  const { facts, collectedAt, receivedAt } = posture;
  const said = (state: PostureState) => <StatusChip meaning={MEANING[state]}>{t(`posture.${state}`)}</StatusChip>;
  const present = (all: Readonly<Record<string, boolean>>) =>
    Object.entries(all).map(([name, is]) => (
      <Box key={name} sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1 }}>
        <code>{name}</code>
        <StatusChip meaning={is ? 'ok' : 'warn'}>{t(is ? 'posture.yes' : 'posture.no')}</StatusChip>
      </Box>
    ));
  return (
    <Section title={t('section.posture')}>
      <Facts
        rows={[
          [t('fact.collected'), <Time key="collected" at={collectedAt} />],
          [t('fact.received'), <Time key="received" at={receivedAt} />],
          [t('fact.system'), [facts.os || facts.platform, facts.osVersion].filter(Boolean).join(' ')],
          [t('fact.kernel'), facts.kernel],
          [t('posture.disk'), said(facts.diskEncryption)],
          [t('posture.firewall'), said(facts.firewall)],
          [t('posture.lock'), said(facts.screenLock)],
          Object.keys(facts.processes).length === 0 ? null : [t('posture.processes'), present(facts.processes)],
          Object.keys(facts.files).length === 0 ? null : [t('posture.files'), present(facts.files)],
        ]}
      />
      <Typography variant="body2" color="textSecondary" sx={{ mt: 1.5 }}>
        {t('posture.text')}
      </Typography>
    </Section>
  );
}

function Publishes({ id }: { readonly id: string }) {
  const t = useMessages(deviceMessages);
  const services = useQuery(routeQuery('services.list', { query: { deviceId: id, limit: 500 } }));
  const sites = useQuery(routeQuery('sites.list', { query: { limit: 500 } }));
  const error = services.error ?? sites.error;
  if (services.data === undefined || sites.data === undefined) {
    return (
      <Section title={t('section.publishes')} flush>
        {error === null ? (
          <RowsSkeleton rows={2} label={t('section.publishes')} />
        ) : (
          <ErrorState
            error={error}
            onRetry={() => {
              void services.refetch();
              void sites.refetch();
            }}
          />
        )}
      </Section>
    );
  }
  const own = services.data.items;
  const ownSites = sites.data.items.filter(({ deviceId }) => deviceId === id);
  return (
    <Section title={t('section.publishes')}>
      {own.length + ownSites.length === 0 ? (
        <Box sx={{ display: 'grid', gap: 1 }}>
          <Typography color="textSecondary">{t('publishes.text')}</Typography>
          <CopyText text="npx zeronaut agent run --config agent.yaml" label={t('publishes.text')} />
        </Box>
      ) : (
        <ShortList
          label={t('section.publishes')}
          rows={[...own, ...ownSites]}
          padded
          find={{
            name: 'publishes',
            textOf: (one) => [one.name, ...('destinations' in one ? one.destinations : [one.protocol])].join(' '),
          }}
        >
          {(shown) => (
            <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 1 }}>
              {shown.map((one) =>
                'destinations' in one ? (
                  <li key={one.id}>
                    <TextLink to="/sites/$id" params={{ id: one.id }}>
                      {one.name}
                    </TextLink>
                    <Typography variant="body2" color="textSecondary" component="div">
                      {one.destinations.join(', ')}
                    </Typography>
                  </li>
                ) : (
                  <li key={one.id}>
                    <TextLink to="/resources/$id" params={{ id: one.id }}>
                      {one.name}
                    </TextLink>
                    <Typography variant="body2" color="textSecondary" component="div">
                      {one.protocol.toUpperCase()} · {t('publishes.lastEvent')} <Time at={one.lastEventAt} />
                    </Typography>
                  </li>
                ),
              )}
            </Box>
          )}
        </ShortList>
      )}
    </Section>
  );
}
