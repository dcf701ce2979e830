import Autocomplete from '@mui/material/Autocomplete';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import type { RouteResponse, Routes } from '@zeronaut/model';
import { useEffect, useRef, useState } from 'react';
import { call } from '../../base/api.ts';
import { narrowed } from '../../base/list-order.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { useGroups } from '../../base/people.ts';
import { useReasonText } from '../../base/reason-texts.ts';
import { saveFile } from '../../base/save-file.ts';
import { useMay } from '../../base/session.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ButtonLink, TextLink } from '../../ui/button-link.tsx';
import { PolicyIcon } from '../../ui/icons.tsx';
import type { Filter } from '../../ui/list-bar.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import type { Column } from '../../ui/list-table.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { DeviceInput } from './device-input.tsx';
import { policyMessages } from './messages.ts';
import { OutcomeChip } from './policy-chips.tsx';
import { type ReachRow, reachCsv, reachRows } from './reach-rows.ts';

const route = getRouteApi('/policies/reach');
const ASKED = ['user', 'object', 'group', 'segment', 'device'] as const;
const PAGE_ROWS = 500;

/** Who reaches what, and by what; the console answers a page at a time, so that nobody waits for all pairs. */
export function ReachPage() {
  const t = useMessages(policyMessages);
  const language = useLanguage();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const { user, object, group, segment, device } = search;
  const query = {
    ...(user !== undefined && { user }),
    ...(object !== undefined && { object }),
    ...(group !== undefined && { group }),
    ...(segment !== undefined && { segment }),
    ...(device !== undefined && { device }),
  };
  const { rows: reached, ...list } = useList('policies.reach', { query });
  const rows = reached === undefined ? undefined : reachRows(reached, user !== undefined);
  const columns: Column<ReachRow>[] = [
    {
      key: 'who',
      header: t('reach.who'),
      value: ({ email }) => email,
      cell: ({ userId, email }) => (
        <TextLink to="/users/$id" params={{ id: userId }}>
          {email}
        </TextLink>
      ),
    },
    {
      key: 'what',
      header: t('reach.what'),
      value: ({ object: name }) => name,
      cell: ({ kind, objectId, object: name }) =>
        kind === 'site' ? (
          <TextLink to="/sites/$id" params={{ id: objectId }}>
            {name}
          </TextLink>
        ) : (
          <TextLink to="/resources/$id" params={{ id: objectId }}>
            {name}
          </TextLink>
        ),
    },
    {
      key: 'action',
      header: t('reach.action'),
      value: ({ action }) => action,
      cell: ({ action }) => action,
      width: '100px',
    },
    {
      key: 'answer',
      header: t('reach.answer'),
      value: ({ effect }) => effect,
      cell: (row) => <Answer row={row} />,
    },
    { key: 'by', header: t('reach.by'), cell: (row) => <By row={row} />, from: 'md' },
  ];
  const filters: Filter<ReachRow>[] = [
    {
      key: 'answer',
      label: t('reach.answer'),
      options: (['pass', 'challenge', 'depends', 'deny'] as const).map((value) => ({
        value,
        label: t(`outcome.${value}`),
      })),
      matches: ({ effect }, value) => effect === value,
    },
    {
      key: 'kind',
      label: t('reach.kind'),
      options: (['resource', 'site'] as const).map((value) => ({ value, label: t(`reach.kind.${value}`) })),
      matches: ({ kind }, value) => kind === value,
    },
  ];
  const next = (
    <ButtonLink to="/policies/simulator" variant="outlined">
      {t('reach.simulate')}
    </ButtonLink>
  );
  return (
    <ListPage
      title={t('reach.title')}
      subtitle={t('reach.subtitle')}
      tabs={<SubNavigation of="policies" />}
      above={<Question key={JSON.stringify(query)} asked={query} onAsk={setSearch} />}
      actions={
        <SaveAll
          key={JSON.stringify(query)}
          query={query}
          isOff={rows === undefined || rows.length === 0}
          shown={(all) => narrowed(all, search, { textOf, filters, orders: columns }, language)}
        />
      }
      list={{ ...list, rows }}
      columns={columns}
      rowKey={(row) => [row.userId, row.objectId, row.action, ...(row.gateways ?? [])].join(' ')}
      textOf={textOf}
      filters={filters}
      search={search}
      onSearch={setSearch}
      empty={{ title: t('reach.emptyTitle'), text: t('reach.emptyText'), icon: <PolicyIcon />, actions: next }}
    />
  );
}

const textOf = (row: ReachRow) =>
  [row.email, row.object, row.action, row.reason, ...row.policies, ...(row.gateways ?? [])].join(' ');

interface Asked {
  readonly user?: string;
  readonly object?: string;
  readonly group?: string;
  readonly segment?: string;
  readonly device?: string;
}

/** All answers as a file, page by page; the table holds those that somebody scrolled to. */
function SaveAll(props: {
  readonly query: Asked;
  readonly isOff: boolean;
  /** What the page would show of them. */
  readonly shown: (rows: readonly ReachRow[]) => readonly ReachRow[];
}) {
  const { query } = props;
  const t = useMessages(policyMessages);
  /** How many there are so far; null: nobody asked. */
  const [count, setCount] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController>(null);
  useEffect(() => () => stop.current?.abort(), []);
  async function save(): Promise<void> {
    const abort = new AbortController();
    stop.current = abort;
    const { signal } = abort;
    setError(null);
    const all: ReachRow[] = [];
    try {
      let cursor: string | null = null;
      do {
        setCount(all.length);
        const page: RouteResponse<Routes['policies.reach']> = await call(
          'policies.reach',
          { query: { ...query, limit: PAGE_ROWS, ...(cursor !== null && { cursor }) } },
          { signal },
        );
        all.push(...reachRows(page.items, query.user !== undefined));
        cursor = page.nextCursor;
      } while (cursor !== null);
      saveFile(new Blob([reachCsv(props.shown(all))], { type: 'text/csv' }), 'reach.csv');
    } catch (problem) {
      if (!signal.aborted) setError(problem);
    }
    setCount(null);
  }
  if (error !== null) return <ErrorState error={error} onRetry={() => void save()} />;
  return count === null ? (
    <Button variant="outlined" disabled={props.isOff} onClick={() => void save()}>
      {t('reach.save')}
    </Button>
  ) : (
    <Box role="status" sx={{ display: 'flex', alignItems: 'center', gap: 1 }}>
      {t('reach.saving', { count })}
      <Button size="small" onClick={() => stop.current?.abort()}>
        {t('reach.stop')}
      </Button>
    </Box>
  );
}

/** Of whom, of what, and from where; the console asks that alone then. */
function Question(props: {
  readonly asked: Asked;
  readonly onAsk: (change: Record<string, string | undefined>) => void;
}) {
  const t = useMessages(policyMessages);
  const may = useMay();
  const groups = useGroups();
  const [fields, setFields] = useState<Asked>(props.asked);
  const field = (name: 'user' | 'object' | 'segment', width: number, maxLength: number) => (
    <TextField
      label={t(`reach.${name}`)}
      value={fields[name] ?? ''}
      onChange={({ target }) => setFields((before) => ({ ...before, [name]: target.value }))}
      sx={{ width: { xs: 1, sm: width } }}
      slotProps={{ htmlInput: { maxLength, autoComplete: 'off' } }}
    />
  );
  return (
    <Box
      component="form"
      sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, alignItems: 'center', mb: 2 }}
      onSubmit={(event) => {
        event.preventDefault();
        props.onAsk(Object.fromEntries(ASKED.map((name) => [name, fields[name]?.trim() || undefined])));
      }}
    >
      {field('user', 230, 254)}
      <Autocomplete
        freeSolo
        options={groups}
        inputValue={fields.group ?? ''}
        onInputChange={(_, group) => setFields((before) => ({ ...before, group }))}
        sx={{ width: { xs: 1, sm: 160 } }}
        renderInput={(params) => <TextField {...params} label={t('reach.group')} />}
      />
      {field('object', 190, 64)}
      {field('segment', 140, 63)}
      {may('devices:read') ? (
        <DeviceInput
          id={fields.device ?? ''}
          onId={(device) => setFields((before) => ({ ...before, device }))}
          sx={{ width: { xs: 1, sm: 180 } }}
        />
      ) : null}
      <Button type="submit" variant="outlined">
        {t('reach.ask')}
      </Button>
    </Box>
  );
}

function Answer({ row: { effect, facts, gateways } }: { readonly row: ReachRow }) {
  const t = useMessages(policyMessages);
  const more = [
    ...(effect === 'depends' ? [t('reach.dependsOn', { facts: facts.join(', ') })] : []),
    ...(gateways === null ? [] : [t('reach.at', { gateways: gateways.join(', ') })]),
  ];
  return (
    <>
      <OutcomeChip outcome={effect} />
      {more.length === 0 ? null : (
        <Typography variant="caption" color="textSecondary" component="div" sx={{ overflowWrap: 'anywhere' }}>
          {more.join(' · ')}
        </Typography>
      )}
    </>
  );
}

/** The policies that say so, else the rule of the resource. */
function By({ row: { policies, reason } }: { readonly row: ReachRow }) {
  const reasonText = useReasonText();
  if (policies.length === 0) return <>{reasonText(reason).title}</>;
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1 }}>
      {policies.map((name) => (
        <TextLink key={name} to="/policies" search={{ q: name }}>
          {name}
        </TextLink>
      ))}
    </Box>
  );
}
