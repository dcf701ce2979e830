import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Link from '@mui/material/Link';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type Resource, resourceInputOf } from '@zeronaut/model';
import { useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { tell } from '../../base/notices.ts';
import { addressesOf } from '../../base/resource-addresses.ts';
import { useMay } from '../../base/session.ts';
import { useBegin } from '../../base/use-begin.ts';
import { ButtonLink, TextLink } from '../../ui/button-link.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { Facts } from '../../ui/facts.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { PendingThing } from '../../ui/pending-thing.tsx';
import { RemovalEffects } from '../../ui/removal-effects.tsx';
import { Section } from '../../ui/section.tsx';
import { useSegmentsFact } from '../../ui/segments-fact.tsx';
import { ShortList } from '../../ui/short-list.tsx';
import { SomeOf } from '../../ui/some-of.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { Tag } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { TrafficCharts } from '../../ui/traffic-charts.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { useDone } from '../../ui/use-done.ts';
import { DnsRecords } from './dns-records.tsx';
import { exposeAgain } from './expose-command.ts';
import { HeaderFacts } from './header-fields.tsx';
import { hasHeaderRules } from './header-rules.ts';
import { limitTexts } from './limit-texts.ts';
import { resourceMessages } from './messages.ts';
import { ResourceLeads } from './resource-leads.tsx';
import { ResourceStatus, TargetHealth } from './resource-status.tsx';
import { ShareLinks } from './share-links.tsx';

const route = getRouteApi('/resources/$id');
const LISTS = ['resources.list', 'resources.get', 'services.list', 'services.get'] as const;

export function ResourcePage() {
  const t = useMessages(resourceMessages);
  const segmentsFact = useSegmentsFact();
  const may = useMay();
  const navigate = useNavigate();
  const { id } = route.useParams();
  const [removing, setRemoving] = useState(false);
  const [stopping, setStopping] = useState(false);
  const mayWrite = may('resources:write');
  useBegin({ stop: mayWrite ? () => setStopping(true) : null });
  const update = useRouteMutation('resources.update', LISTS, ({ params, body: { enabled } }) => ({
    id: params.id,
    change: { enabled },
  }));
  const stopService = useRouteMutation('services.stop', LISTS);
  const startService = useRouteMutation('services.start', LISTS);
  const done = useDone();
  const remove = useRouteMutation('resources.delete', LISTS);
  const removeService = useRouteMutation('services.delete', LISTS);
  const { data: resource, error, refetch } = useQuery(routeQuery('resources.get', { params: { id } }));
  if (resource === undefined) {
    return <PendingThing kind="resource" label={t('title')} error={error} onRetry={() => void refetch()} />;
  }
  const refused = update.error ?? startService.error;
  /** Starts it, or stops it after it was asked. */
  async function toggle(now: Resource): Promise<void> {
    const turn = (from: Resource): Promise<Resource> => {
      if (from.origin === 'declared') return update.mutateAsync(toggled(from));
      // What its agent says of it may change meanwhile: the switch is all that we mean.
      return (from.enabled ? stopService : startService).mutateAsync({ params: { id } });
    };
    const after = await turn(now);
    tell(done(after.enabled ? 'started' : 'stopped', after.name), () => turn(after));
  }
  return (
    <>
      <PageHeader
        title={resource.name}
        subtitle={
          <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, alignItems: 'center' }}>
            <ResourceStatus resource={resource} />
            <Tag>{resource.protocol.toUpperCase()}</Tag>
            <span>{t(`origin.${resource.origin}`)}</span>
          </Box>
        }
        actions={
          mayWrite ? (
            <>
              {resource.origin === 'declared' ? (
                <ButtonLink to="/resources/$id/edit" params={{ id }} variant="outlined" color="inherit">
                  {t('edit')}
                </ButtonLink>
              ) : null}
              <Button
                variant="outlined"
                color="inherit"
                loading={update.isPending || stopService.isPending || startService.isPending}
                onClick={() => (resource.enabled ? setStopping(true) : void toggle(resource).catch(() => undefined))}
              >
                {t(resource.enabled ? 'stop' : 'start')}
              </Button>
              <Button variant="outlined" color="error" onClick={() => setRemoving(true)}>
                {t('remove')}
              </Button>
            </>
          ) : null
        }
      />
      {refused === null || stopping ? null : <ErrorState error={refused} />}
      <TwoColumns>
        {resource.origin === 'service' ? <Addresses id={resource.id} /> : <DeclaredAddresses resource={resource} />}
        <Access resource={resource} />
        <Targets resource={resource} />
        <Headers rules={resource.headers} />
        <Limits limits={resource.limits} />
        {resource.protocol === 'http' ? <DnsRecords id={resource.id} /> : null}
        {resource.protocol === 'http' && resource.access.mode !== 'public' ? <ShareLinks resource={resource} /> : null}
        <ResourceLeads resource={resource} />
        <Section title={t('section.about')}>
          <Facts
            rows={[
              [t('fact.created'), <Time key="created" at={resource.createdAt} />],
              [t('fact.updated'), <Time key="updated" at={resource.updatedAt} />],
              resource.deviceId === null ? null : [t('fact.device'), <AgentLink key="device" id={resource.deviceId} />],
              segmentsFact(resource),
              [t('fact.id'), <code key="id">{resource.id}</code>],
            ]}
          />
        </Section>
      </TwoColumns>
      {may('events:read') ? <TrafficCharts resourceId={resource.id} /> : null}
      <ConfirmDialog
        open={stopping}
        title={t('stop.title', { name: resource.name })}
        action={t('stop')}
        onConfirm={() => toggle(resource)}
        onClose={() => setStopping(false)}
      >
        <Typography>{t('stop.text')}</Typography>
        {resource.origin === 'service' ? <Typography>{t('stop.service')}</Typography> : null}
        {stopping ? <RemovalEffects of="resources" id={id} isKept /> : null}
      </ConfirmDialog>
      <ConfirmDialog
        open={removing}
        title={t('remove.title', { name: resource.name })}
        action={t('remove')}
        typeName={resource.name}
        onConfirm={async () => {
          await (resource.origin === 'service' ? removeService : remove).mutateAsync({ params: { id } });
          await navigate({ to: '/resources' });
        }}
        onClose={() => setRemoving(false)}
      >
        <Typography>{t('remove.text')}</Typography>
        {removing ? <RemovalEffects of="resources" id={id} /> : null}
        {resource.origin === 'service' ? <Typography>{t('remove.service')}</Typography> : null}
      </ConfirmDialog>
    </>
  );
}

function toggled(resource: Resource) {
  const { id, version, enabled } = resource;
  return { params: { id }, body: { ...resourceInputOf(resource), enabled: !enabled }, version };
}

/** Where a published service answers, at each gateway. */
function Addresses({ id }: { readonly id: string }) {
  const t = useMessages(resourceMessages);
  const { data: service, error, refetch } = useQuery(routeQuery('services.get', { params: { id } }));
  return (
    <Section title={t('section.address')}>
      {service === undefined ? (
        error === null ? (
          <RowsSkeleton rows={2} label={t('section.address')} />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : service.urls.length === 0 ? (
        <Typography color="textSecondary">{t('address.none')}</Typography>
      ) : (
        <Box sx={{ display: 'grid', gap: 1 }}>
          <SomeOf items={service.urls}>
            {(url) =>
              url.startsWith('https://') ? (
                <Link key={url} href={url} target="_blank" rel="noreferrer" sx={{ overflowWrap: 'anywhere' }}>
                  {url}
                </Link>
              ) : (
                <CopyText key={url} text={url} label={t('address.copy', { name: service.name })} />
              )
            }
          </SomeOf>
          <Facts rows={[[t('fact.lastEvent'), <Time key="last" at={service.lastEventAt} />]]} />
        </Box>
      )}
    </Section>
  );
}

function DeclaredAddresses({ resource }: { readonly resource: Resource }) {
  const t = useMessages(resourceMessages);
  const { data: gateways } = useQuery(routeQuery('gateways.list', { query: { limit: 500 } }));
  const addresses = addressesOf(resource, gateways?.items ?? []);
  return (
    <Section title={t('section.address')}>
      {addresses.length === 0 ? (
        <Typography color="textSecondary">{t('address.none')}</Typography>
      ) : (
        <Box sx={{ display: 'grid', gap: 1 }}>
          <SomeOf items={[...new Set(addresses)]}>
            {(address) => <CopyText key={address} text={address} label={t('address.copy', { name: resource.name })} />}
          </SomeOf>
        </Box>
      )}
    </Section>
  );
}

function Access({ resource }: { readonly resource: Resource }) {
  const t = useMessages(resourceMessages);
  const { access } = resource;
  const command = exposeAgain(resource, t('access.example'));
  return (
    <Section title={t('section.access')}>
      <Facts
        rows={[
          [
            t('fact.allow'),
            access.mode === 'public'
              ? t('access.publicText')
              : access.mode === 'policy'
                ? t('access.policyText')
                : access.allow.length === 0
                  ? t('access.everyone')
                  : access.allow.join(', '),
          ],
          access.addresses.length === 0 ? null : [t('fact.addresses'), access.addresses.join(', ')],
          access.basic.length === 0 ? null : [t('fact.basic'), access.basic.map(({ username }) => username).join(', ')],
          access.tokens === null ? null : [t('fact.tokens'), access.tokens.audience],
        ]}
      />
      {command === null ? null : (
        <Box sx={{ display: 'grid', gap: 1, mt: 2 }}>
          <Typography variant="body2" color="textSecondary">
            {t('access.agent')}
          </Typography>
          <CopyText text={command} label={t('access.command')} />
        </Box>
      )}
    </Section>
  );
}

/** Only where there are any. */
function Limits({ limits }: { readonly limits: Resource['limits'] }) {
  const t = useMessages(resourceMessages);
  const texts = limitTexts(limits, t);
  return texts.length === 0 ? null : <Section title={t('section.limits')}>{texts.join(' · ')}</Section>;
}

/** Only where there are any. */
function Headers({ rules }: { readonly rules: Resource['headers'] }) {
  const t = useMessages(resourceMessages);
  if (!hasHeaderRules(rules)) return null;
  return (
    <Section title={t('section.headers')}>
      <HeaderFacts rules={rules} />
    </Section>
  );
}

function Targets({ resource }: { readonly resource: Resource }) {
  const t = useMessages(resourceMessages);
  return (
    <Section title={t('section.targets')}>
      {resource.targets.length < 2 ? null : (
        <Typography sx={{ mb: 1 }}>{t(`balancing.${resource.balancing}`)}</Typography>
      )}
      <ShortList
        label={t('section.targets')}
        rows={resource.targets}
        padded
        find={{ name: 'targets', textOf: ({ protocol, address }) => `${protocol}://${address}` }}
      >
        {(shown) => (
          <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 1.5 }}>
            {shown.map((target) => (
              <li key={target.id}>
                <code>
                  {target.protocol}://{target.address}
                </code>
                <Typography variant="body2" color="textSecondary" component="div">
                  {target.deviceId === null ? (
                    t('target.gateway')
                  ) : (
                    <>
                      {t('target.agent')} <AgentLink id={target.deviceId} />
                    </>
                  )}
                  {' · '}
                  {[
                    t('target.weight', { weight: target.weight }),
                    target.healthCheck === null
                      ? t('target.unchecked')
                      : t('target.check', { seconds: target.healthCheck.intervalMs / 1000 }),
                  ].join(' · ')}
                </Typography>
                <TargetHealth resource={resource} target={target} />
              </li>
            ))}
          </Box>
        )}
      </ShortList>
    </Section>
  );
}

/** By its name, for who may see devices. */
function AgentLink({ id }: { readonly id: string }) {
  const isShown = useMay()('devices:read');
  const { data } = useQuery({ ...routeQuery('devices.get', { params: { id } }), enabled: isShown });
  if (!isShown) return <code>{id}</code>;
  return (
    <TextLink to="/devices/$id" params={{ id }}>
      {data?.name ?? id}
    </TextLink>
  );
}
