import Autocomplete from '@mui/material/Autocomplete';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import Chip from '@mui/material/Chip';
import Link from '@mui/material/Link';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import type { AuditEntry } from '@zeronaut/model';
import { decisionClassOf, policiesShown } from '@zeronaut/model/decision-class';
import { useMemo } from 'react';
import { useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { useSettledText } from '../../base/use-settled-text.ts';
import { AuditIcon } from '../../ui/icons.tsx';
import { type Column, ListTable, rowLink } from '../../ui/list-table.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState, ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Time } from '../../ui/time.tsx';
import { EntryDrawer } from './entry-drawer.tsx';
import { auditMessages } from './messages.ts';
import { nameIn } from './name-in.ts';
import { useActionText, useNounText } from './use-action-text.ts';

const route = getRouteApi('/audit');
const ACTIONS = [
  'access.*',
  'api_key.*',
  'device.*',
  'gateway.*',
  'organization.*',
  'policy.*',
  'resource.*',
  'service.*',
  'session.*',
  'site.*',
  'user.*',
];
const TYPING_PAUSE_MS = 300;
const DAY = /^\d{4}-\d\d-\d\d$/;

export function AuditPage() {
  const t = useMessages(auditMessages);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const setSearch = useSearchChange();
  const textOf = useActionText();
  const nounOf = useNounText();
  const nameOf = useNameOf();
  const { q, action, from, to, object, actor, entry } = search;
  const query = useMemo(
    () => ({
      ...(q !== undefined && { q }),
      ...(action !== undefined && { action }),
      ...(object !== undefined && { objectId: object }),
      ...(actor !== undefined && { actorId: actor }),
      ...(from !== undefined && DAY.test(from) && { from: new Date(`${from}T00:00:00`).toISOString() }),
      // The day itself belongs to it.
      ...(to !== undefined && DAY.test(to) && { to: nextDay(to) }),
    }),
    [q, action, from, to, object, actor],
  );
  const list = useList('audit.list', { query: query as object });
  // The one that is open is in the address.
  const opened = list.rows?.find(({ seq }) => String(seq) === entry) ?? null;
  const setOpened = (one: AuditEntry | null) => setSearch({ entry: one === null ? undefined : String(one.seq) });
  const isNarrowed = Object.keys(query).length > 0;

  /** Of access decisions: the policies, or what else decided. */
  function decidersOf(entry: AuditEntry): string | null {
    const decision = decisionClassOf(entry);
    if (decision?.decidedBy === undefined) return null;
    return policiesShown(decision) || t(`decision.by.${decision.decidedBy}`);
  }
  const whoOf = ({ actor: by }: AuditEntry) => by.name || t(`kind.${by.kind}`);
  const columns: Column<AuditEntry>[] = [
    {
      key: 'action',
      header: t('column.action'),
      cell: (entry) => (
        <>
          <Link
            component="button"
            type="button"
            onClick={() => setOpened(entry)}
            sx={{ ...rowLink, textAlign: 'left', overflowWrap: 'anywhere' }}
          >
            {textOf(entry.action)}
          </Link>
          <Typography variant="caption" color="textSecondary" component="div" noWrap>
            <code>{entry.action}</code>
          </Typography>
          {/* On a phone, where there are no columns for them. */}
          <Typography variant="caption" component="div" noWrap sx={{ display: { sm: 'none' } }}>
            {nameIn(entry, nounOf)} · {whoOf(entry)}
          </Typography>
        </>
      ),
      width: 'minmax(0, 2fr)',
    },
    {
      key: 'object',
      header: t('column.object'),
      cell: (entry) => (
        <>
          <Typography noWrap>{nameIn(entry, nounOf)}</Typography>
          <Typography variant="caption" color="textSecondary" component="div" noWrap>
            {decidersOf(entry) ?? entry.objectId}
          </Typography>
        </>
      ),
      from: 'sm',
      width: 'minmax(0, 3fr)',
    },
    {
      key: 'actor',
      header: t('column.actor'),
      cell: (entry) => <Typography noWrap>{whoOf(entry)}</Typography>,
      from: 'md',
      width: 'minmax(0, 2fr)',
    },
    { key: 'at', header: t('column.at'), cell: ({ at }) => <Time at={at} />, width: '120px' },
    { key: 'seq', header: t('column.seq'), cell: ({ seq }) => seq, from: 'md', width: '70px' },
  ];
  return (
    <>
      <SubNavigation of="audit" />
      <PageHeader title={t('title')} subtitle={t('subtitle')} />
      <Card component="section" aria-label={t('title')} aria-busy={list.isFetching}>
        <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, p: { xs: 2, sm: 2.5 }, pb: 1.5 }}>
          <Settled label={t('filter.q')} value={q ?? ''} onValue={(next) => setSearch({ q: next || undefined })} />
          <Autocomplete
            freeSolo
            options={ACTIONS}
            renderOption={({ key, ...props }, one) => (
              <li key={key} {...props}>
                {nounOf(one.slice(0, -2))}&nbsp;<code>{one}</code>
              </li>
            )}
            value={action ?? ''}
            onChange={(_, next) => setSearch({ action: next || undefined })}
            sx={{ width: { xs: 1, sm: 210 } }}
            renderInput={(params) => <TextField {...params} label={t('filter.action')} />}
          />
          {(['from', 'to'] as const).map((name) => (
            <TextField
              key={name}
              type="date"
              label={t(`filter.${name}`)}
              value={search[name] ?? ''}
              onChange={(event) => setSearch({ [name]: event.target.value || undefined })}
              sx={{ width: { xs: 'calc(50% - 6px)', sm: 160 } }}
              slotProps={{ inputLabel: { shrink: true } }}
            />
          ))}
          {actor === undefined ? null : (
            <Chip label={t('filter.actor', { name: nameOf(actor) })} onDelete={() => setSearch({ actor: undefined })} />
          )}
          {isNarrowed ? (
            <Button color="inherit" onClick={() => void navigate({ search: {}, replace: true })}>
              {t('filter.clear')}
            </Button>
          ) : null}
        </Box>
        {list.rows === undefined ? (
          list.error === null ? (
            <RowsSkeleton label={t('title')} />
          ) : (
            <ErrorState error={list.error} onRetry={list.reload} />
          )
        ) : list.rows.length === 0 && !list.hasMore ? (
          <EmptyState title={t('empty.title')} icon={<AuditIcon />}>
            <span>{t('empty.text')}</span>
          </EmptyState>
        ) : (
          <>
            <ListTable
              label={t('title')}
              columns={columns}
              rows={list.rows}
              rowKey={({ seq }) => String(seq)}
              sort={undefined}
              onSort={() => undefined}
              hasMore={false}
              onMore={() => undefined}
            />
            <Box sx={{ px: 2.5, py: 1.5, borderTop: 1, borderColor: 'divider' }}>
              {list.hasMore ? (
                <Button size="small" loading={list.isFetching} onClick={list.loadMore}>
                  {t('list.more')}
                </Button>
              ) : (
                <Typography variant="body2" color="textSecondary">
                  {t(isNarrowed ? 'list.noMore' : 'list.end')}
                </Typography>
              )}
            </Box>
          </>
        )}
      </Card>
      <EntryDrawer
        entry={opened}
        onActor={(id) => setSearch({ actor: id, entry: undefined })}
        onClose={() => setOpened(null)}
      />
    </>
  );
}

function nextDay(day: string): string {
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + 1);
  return date.toISOString();
}

/** Typing is shown at once and searched after a pause. */
function Settled(props: { readonly label: string; readonly value: string; readonly onValue: (value: string) => void }) {
  const { value, onValue } = props;
  const [text, setText] = useSettledText(value, onValue, TYPING_PAUSE_MS);
  return (
    <TextField
      type="search"
      placeholder={props.label}
      value={text}
      onChange={(event) => setText(event.target.value)}
      sx={{ width: { xs: 1, sm: 240 } }}
      slotProps={{ htmlInput: { 'aria-label': props.label, maxLength: 200 } }}
    />
  );
}
