import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { AccessEvent, Incident } from '@zeronaut/model';
import { routeQuery } from '../../base/api.ts';
import { formatCount } from '../../base/chart-scale.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import { useReasonText } from '../../base/reason-texts.ts';
import { useMay } from '../../base/session.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { Row, Rows } from '../../ui/rows.tsx';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';
import { TimeChart } from '../../ui/time-chart.tsx';
import { EffectChip } from './effect-chip.tsx';
import { type FeedSearch, filterOf, whatOf } from './feed.ts';
import { courseOf } from './incident-course.ts';
import { securityMessages } from './messages.ts';

const LOOKED_AT = 500;
const SHOWN = 8;
const HOUR_MS = 3_600_000;
/** What led to it came before it was seen: bursts are of five minutes, sign-ins of ten. */
const BEFORE_MS = HOUR_MS / 4;
const AFTER_MS = 60_000;
const AUDIT_MS = 24 * HOUR_MS;

/** Which accesses made it, in the words of the list of accesses; null: no access did. */
export function accessesOf({ kind, object, openedAt, lastSeenAt }: Incident): FeedSearch | null {
  const window = {
    from: new Date(Date.parse(openedAt) - BEFORE_MS).toISOString(),
    to: new Date(Date.parse(lastSeenAt) + AFTER_MS).toISOString(),
  };
  const refused = { effect: 'deny', failed: 'false' };
  if (kind === 'policy_used') return { policy: object.id, ...window };
  if (kind === 'refusal_burst') {
    if (object.kind === 'user') return { subject: object.id, ...refused, ...window };
    // A network has more addresses than the list can be asked for.
    return object.id.includes('/') ? { ...refused, ...window } : { address: object.id, ...refused, ...window };
  }
  if (kind === 'target_unhealthy' || kind === 'agent_away') return { resource: object.id, failed: 'true', ...window };
  return null;
}

/** The accesses that made an incident, over time and one by one. */
export function IncidentAccesses({ incident }: { readonly incident: Incident }) {
  const t = useMessages(securityMessages);
  const language = useLanguage();
  const nameOf = useNameOf();
  const reasonText = useReasonText();
  const search = accessesOf(incident);
  const isShown = useMay()('events:read') && search !== null;
  const query = useQuery({
    ...routeQuery('accessEvents.list', { query: { ...filterOf(search ?? {}), limit: LOOKED_AT } as object }),
    enabled: isShown,
  });
  if (!isShown || search === null) return null;
  const events = query.data?.items ?? [];
  const course = courseOf(events, Date.parse(search.from!), Date.parse(search.to!));
  return (
    <Section
      title={t('incident.accesses')}
      actions={
        <TextLink to="/security" search={search}>
          {t('incident.accesses.all')}
        </TextLink>
      }
      flush
    >
      {events.length < 2 ? null : (
        <Box sx={{ px: { xs: 2, sm: 2.5 }, pt: 1, pb: 2 }}>
          <TimeChart
            title={t('incident.course')}
            times={course.times}
            whole
            format={(value) => formatCount(value, language)}
            series={[
              {
                label: t('incident.accesses'),
                color: incident.severity === 'bad' ? 'error.main' : 'warning.main',
                values: course.counts,
                area: true,
              },
            ]}
          />
          {query.data?.nextCursor === null ? null : (
            <Typography variant="body2" color="textSecondary">
              {t('incident.course.newest', { count: events.length })}
            </Typography>
          )}
        </Box>
      )}
      <Rows
        label={t('incident.accesses')}
        query={query}
        itemsOf={({ items }) => items.slice(0, SHOWN)}
        row={(event: AccessEvent) => (
          <Row
            key={`${event.gatewayId}.${event.epoch}.${event.seq}`}
            title={
              <TextLink to="/security" search={{ ...search, event: event.requestId }}>
                {whatOf(event)}
              </TextLink>
            }
            detail={
              <>
                {reasonText(event.reason).title} · {event.subject === '' ? t('who.nobody') : nameOf(event.subject)} ·{' '}
                {event.sourceAddress} · <Time at={event.at} />
              </>
            }
            state={<EffectChip effect={event.effect} />}
          />
        )}
        none={t('incident.accesses.none')}
      />
    </Section>
  );
}

/** What somebody did to the same thing, from a day before to a day after. */
export function IncidentChanges({ incident: { object, openedAt, lastSeenAt } }: { readonly incident: Incident }) {
  const t = useMessages(securityMessages);
  const isShown = useMay()('audit:read') && object.kind !== 'address';
  const query = useQuery({
    ...routeQuery('audit.list', {
      query: {
        objectId: object.id,
        from: new Date(Date.parse(openedAt) - AUDIT_MS).toISOString(),
        to: new Date(Date.parse(lastSeenAt) + AUDIT_MS).toISOString(),
        limit: SHOWN,
      },
    }),
    enabled: isShown,
  });
  if (!isShown) return null;
  return (
    <Section
      title={t('incident.changes')}
      actions={
        <TextLink to="/audit" search={{ object: object.id }}>
          {t('incident.changes.all')}
        </TextLink>
      }
      flush
    >
      <Rows
        label={t('incident.changes')}
        query={query}
        itemsOf={({ items }) => items}
        row={({ seq, action, actor, at }) => (
          <Row
            key={seq}
            title={<code>{action}</code>}
            detail={
              <>
                {actor.name || actor.kind} · <Time at={at} />
              </>
            }
            state={t(Date.parse(at) < Date.parse(openedAt) ? 'incident.before' : 'incident.after')}
          />
        )}
        none={t('incident.changes.none')}
      />
    </Section>
  );
}
