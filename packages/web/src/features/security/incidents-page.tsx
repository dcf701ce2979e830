import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import type { AlarmKind, Incident } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { useSearchedList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { AlarmChip } from '../../ui/alarm-chip.tsx';
import { TextLink } from '../../ui/button-link.tsx';
import { SecurityIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import { aboveRowLink, type Column, rowLink } from '../../ui/list-table.tsx';
import { uiMessages } from '../../ui/messages.ts';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Time } from '../../ui/time.tsx';
import { useAlarmDetail } from '../../ui/use-alarm-detail.ts';
import { IncidentState, stateOf } from './incident-state.tsx';
import { securityMessages } from './messages.ts';

const route = getRouteApi('/security/incidents');
const IncidentDialog = lazy(async () => ({ default: (await import('./incident-dialog.tsx')).IncidentDialog }));
const KINDS = Object.keys({
  no_gateway: true,
  gateway_offline: true,
  gateway_expiring: true,
  gateway_behind: true,
  events_dropped: true,
  events_waiting: true,
  target_unhealthy: true,
  agent_away: true,
  certificate_ending: true,
  device_certificate_ending: true,
  sign_in_guessing: true,
  refusal_burst: true,
  policy_used: true,
  audit_inconsistent: true,
  audit_export_stuck: true,
} satisfies Record<AlarmKind, true>) as AlarmKind[];
const STATES = ['open', 'acknowledged', 'closed'] as const;

/** What was and is wrong, the newest first. */
export function IncidentsPage() {
  const t = useMessages(securityMessages);
  const ui = useMessages(uiMessages);
  const detailOf = useAlarmDetail();
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const [taking, setTaking] = useState<Incident | null>(null);
  const list = useSearchedList('incidents.list', search, {
    sorts: { opened: 'opened', seen: 'seen' },
    filters: ['kind'],
  });
  const columns: Column<Incident>[] = [
    {
      key: 'what',
      header: t('incident.what'),
      value: ({ kind }) => ui(`alarm.${kind}`),
      cell: ({ id, kind, severity, closedAt, object }) => (
        <>
          <TextLink to="/security/incidents/$id" params={{ id }} sx={rowLink}>
            <AlarmChip kind={kind} severity={severity} over={closedAt !== null} />
          </TextLink>
          <Typography variant="body2" color="textSecondary" noWrap sx={{ display: { sm: 'none' } }}>
            {object.name}
          </Typography>
        </>
      ),
    },
    {
      key: 'object',
      header: t('incident.object'),
      value: ({ object }) => object.name,
      cell: (row) => (
        <>
          <Typography sx={{ fontWeight: 550 }}>{row.object.name}</Typography>
          <Typography variant="body2" color="textSecondary">
            {detailOf(row)}
          </Typography>
        </>
      ),
      from: 'sm',
      width: 'minmax(0, 2fr)',
    },
    {
      key: 'state',
      header: t('incident.state'),
      value: (row) => STATES.indexOf(stateOf(row)),
      cell: (row) => <IncidentState incident={row} />,
      width: '130px',
    },
    {
      key: 'opened',
      header: t('incident.opened'),
      value: ({ openedAt }) => Date.parse(openedAt),
      cell: ({ openedAt }) => <Time at={openedAt} />,
      from: 'md',
      width: '120px',
    },
    {
      key: 'action',
      header: '',
      cell: (row) =>
        may('incidents:write') && stateOf(row) === 'open' ? (
          <Button size="small" sx={aboveRowLink} onClick={() => setTaking(row)}>
            {t('incident.acknowledge')}
          </Button>
        ) : null,
      from: 'sm',
      width: '130px',
    },
  ];
  return (
    <>
      <SubNavigation of="security" />
      <ListPage
        title={t('incidents.title')}
        subtitle={t('incidents.subtitle')}
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        textOf={(row) => `${ui(`alarm.${row.kind}`)} ${row.object.name} ${detailOf(row)} ${row.note}`}
        filters={[
          {
            key: 'state',
            label: t('incident.state'),
            options: (['current', ...STATES] as const).map((value) => ({ value, label: t(`incident.state.${value}`) })),
            matches: (row, value) => (value === 'current' ? row.closedAt === null : stateOf(row) === value),
          },
          {
            key: 'kind',
            label: t('incident.kind'),
            options: KINDS.map((value) => ({ value, label: ui(`alarm.${value}`) })),
            matches: (row, value) => row.kind === value,
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{
          title: t('incidents.empty.title'),
          text: t('incidents.empty.text'),
          icon: <SecurityIcon />,
          actions: <TextLink to="/">{t('incidents.empty.overview')}</TextLink>,
        }}
      />
      <Suspense>
        {taking === null ? null : (
          <IncidentDialog incident={taking} what="acknowledge" onClose={() => setTaking(null)} />
        )}
      </Suspense>
    </>
  );
}
