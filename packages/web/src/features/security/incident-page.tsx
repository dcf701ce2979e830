import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import { useMay } from '../../base/session.ts';
import { AlarmChip } from '../../ui/alarm-chip.tsx';
import { AlarmObject } from '../../ui/alarm-object.tsx';
import { Facts } from '../../ui/facts.tsx';
import { uiMessages } from '../../ui/messages.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { PendingThing } from '../../ui/pending-thing.tsx';
import { Section } from '../../ui/section.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Time } from '../../ui/time.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { useAlarmDetail } from '../../ui/use-alarm-detail.ts';
import { IncidentAccesses, IncidentChanges } from './incident-parts.tsx';
import { IncidentState, stateOf } from './incident-state.tsx';
import { securityMessages } from './messages.ts';

const route = getRouteApi('/security/incidents/$id');
const IncidentDialog = lazy(async () => ({ default: (await import('./incident-dialog.tsx')).IncidentDialog }));

export function IncidentPage() {
  const t = useMessages(securityMessages);
  const ui = useMessages(uiMessages);
  const detailOf = useAlarmDetail();
  const may = useMay();
  const nameOf = useNameOf();
  const { id } = route.useParams();
  const [doing, setDoing] = useState<'acknowledge' | 'close' | null>(null);
  const { data: incident, error, refetch } = useQuery(routeQuery('incidents.get', { params: { id } }));
  if (incident === undefined) {
    return <PendingThing kind="incident" label={t('incidents.title')} error={error} onRetry={() => void refetch()} />;
  }
  const state = stateOf(incident);
  const by = (at: string, who: string | null) => (
    <>
      <Time at={at} /> · {who === null ? t('incident.byItself') : nameOf(who)}
    </>
  );
  return (
    <>
      <SubNavigation of="security" />
      <PageHeader
        title={ui(`alarm.${incident.kind}`)}
        subtitle={<IncidentState incident={incident} />}
        actions={
          may('incidents:write') && state !== 'closed' ? (
            <>
              <Button variant="outlined" onClick={() => setDoing('close')}>
                {t('incident.close')}
              </Button>
              {state === 'open' ? (
                <Button variant="contained" onClick={() => setDoing('acknowledge')}>
                  {t('incident.acknowledge')}
                </Button>
              ) : null}
            </>
          ) : null
        }
      />
      <TwoColumns>
        <Section title={t('incident.about')}>
          <Facts
            rows={[
              [t('incident.kind'), <AlarmChip key="kind" kind={incident.kind} severity={incident.severity} />],
              [t('incident.object'), <AlarmObject key="object" kind={incident.kind} object={incident.object} />],
              [t('incident.detail'), detailOf(incident)],
              [t('incident.opened'), <Time key="opened" at={incident.openedAt} />],
              [t('incident.seen'), <Time key="seen" at={incident.lastSeenAt} />],
              [t('incident.count'), incident.count],
              incident.acknowledgedAt === null
                ? null
                : [t('incident.acknowledged'), by(incident.acknowledgedAt, incident.acknowledgedBy)],
              incident.closedAt === null ? null : [t('incident.closed'), by(incident.closedAt, incident.closedBy)],
              incident.note === '' ? null : [t('incident.note'), incident.note],
              [t('incident.id'), <code key="id">{incident.id}</code>],
            ]}
          />
        </Section>
        {state === 'closed' ? null : (
          <Section title={t('incident.next')}>
            <Typography>{t(`next.${incident.kind}`)}</Typography>
            <Typography color="textSecondary" sx={{ mt: 2 }}>
              {t('incident.how')}
            </Typography>
          </Section>
        )}
        <IncidentAccesses incident={incident} />
        <IncidentChanges incident={incident} />
      </TwoColumns>
      <Suspense>
        {doing === null ? null : <IncidentDialog incident={incident} what={doing} onClose={() => setDoing(null)} />}
      </Suspense>
    </>
  );
}
