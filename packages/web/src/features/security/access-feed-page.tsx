import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import { styled } from '@mui/material/styles';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { AccessEvent } from '@zeronaut/model';
import { useEffect, useMemo, useRef, useState } from 'react';
import { routeQuery } from '../../base/api.ts';
import { useLiveState } from '../../base/live.ts';
import { useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import { useReasonText } from '../../base/reason-texts.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { useSettledText } from '../../base/use-settled-text.ts';
import { SecurityIcon } from '../../ui/icons.tsx';
import { type Column, ListTable } from '../../ui/list-table.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { EmptyState, ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Time } from '../../ui/time.tsx';
import { EffectChip } from './effect-chip.tsx';
import { EventDrawer } from './event-drawer.tsx';
import { type FeedFilter, filterOf, joined, keyOf, whatOf } from './feed.ts';
import { FeedFilters } from './feed-filters.tsx';
import { securityMessages } from './messages.ts';
import { useFeed } from './use-feed.ts';

const route = getRouteApi('/security');
const TYPING_PAUSE_MS = 300;
/** Five times a second all rows may be new ones: what is in each of them has to be cheap. */
const What = styled('button')(({ theme }) => ({
  display: 'block',
  width: '100%',
  padding: 0,
  border: 0,
  background: 'none',
  font: 'inherit',
  fontWeight: 500,
  color: 'inherit',
  textAlign: 'left',
  cursor: 'pointer',
  overflow: 'hidden',
  textOverflow: 'ellipsis',
  whiteSpace: 'nowrap',
  '&:hover': { color: 'var(--zn-palette-primary-main)' },
  // All of the row.
  '&::after': { content: '""', position: 'absolute', inset: 0 },
  // On a phone a line is too short for them: a path that is cut says nothing.
  [theme.breakpoints.down('sm')]: { whiteSpace: 'normal', overflowWrap: 'anywhere' },
}));
const Why = styled('span')({
  display: 'block',
  fontSize: 13,
  '& code': { fontSize: 12 },
  lineHeight: 1.45,
  color: 'var(--zn-palette-text-secondary)',
});

const OnPhone = styled('span')(({ theme }) => ({
  display: 'block',
  fontSize: 12,
  color: 'var(--zn-palette-text-secondary)',
  [theme.breakpoints.up('sm')]: { display: 'none' },
}));

export function AccessFeedPage() {
  const t = useMessages(securityMessages);
  const nameOf = useNameOf();
  const reasonText = useReasonText();
  const liveState = useLiveState();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const setSearch = useSearchChange();
  const [paused, setPaused] = useState(false);
  const { q, event: openedId, ...rest } = search;
  const key = JSON.stringify({ q, ...rest });
  const filter = useMemo<FeedFilter>(() => filterOf(JSON.parse(key)), [key]);
  const list = useList('accessEvents.list', { query: filter as object });
  const feed = useFeed(filter, paused);
  const rows = useMemo(() => joined(feed.live, list.rows ?? []), [feed.live, list.rows]);
  const { reload } = list;
  const latest = useRef(reload);
  latest.current = reload;
  // What happened between the answer and the first live message is in the next answer.
  useEffect(() => {
    if (liveState === 'live') latest.current();
  }, [liveState]);
  const isNarrowed = Object.keys(filter).length > 0;
  const open = (event: AccessEvent | null) => setSearch({ event: event?.requestId });
  const shown = rows.find(({ requestId }) => requestId === openedId);
  // Somebody was sent here to look at one that is not among the newest.
  const sent = useQuery({
    ...routeQuery('accessEvents.list', { query: { q: openedId ?? '', limit: 10 } }),
    placeholderData: undefined as never,
    enabled: openedId !== undefined && shown === undefined && list.rows !== undefined,
  });
  const opened = shown ?? sent.data?.items.find(({ requestId }) => requestId === openedId) ?? null;
  const clear = () => void navigate({ search: {}, replace: true });
  const whoOf = (event: AccessEvent) => (event.subject === '' ? t('who.nobody') : nameOf(event.subject));

  const columns: Column<AccessEvent>[] = [
    {
      key: 'effect',
      header: t('column.effect'),
      cell: ({ effect: said }) => <EffectChip effect={said} />,
      from: 'sm',
      width: '130px',
    },
    {
      key: 'what',
      header: t('column.what'),
      cell: (event) => (
        <>
          <OnPhone>
            <EffectChip effect={event.effect} />
          </OnPhone>
          <What type="button" title={whatOf(event)} onClick={() => open(event)}>
            {whatOf(event)}
          </What>
          <Why>
            {reasonText(event.reason).title} <code>{event.reason}</code>
          </Why>
          {/* On a phone, where there are no columns for them. */}
          <OnPhone>
            <Time at={event.at} /> · {whoOf(event)}
          </OnPhone>
        </>
      ),
    },
    { key: 'who', header: t('column.who'), cell: whoOf, from: 'md', width: '180px' },
    { key: 'address', header: t('column.address'), cell: (event) => event.sourceAddress, from: 'lg', width: '130px' },
    { key: 'at', header: t('column.at'), cell: (event) => <Time at={event.at} />, from: 'sm', width: '110px' },
  ];

  return (
    <>
      <SubNavigation of="security" />
      <PageHeader
        title={t('feed.title')}
        subtitle={t('feed.subtitle')}
        actions={
          <>
            <Box role="status" sx={{ display: 'flex', alignItems: 'center', minHeight: 36, mr: 1 }}>
              {liveState === 'lost' || liveState === 'signedOut' ? (
                <StatusChip meaning="bad">{t('feed.away')}</StatusChip>
              ) : (
                <StatusChip meaning={paused ? 'neutral' : 'ok'}>{t(paused ? 'feed.paused' : 'feed.live')}</StatusChip>
              )}
            </Box>
            <Button
              variant="outlined"
              onClick={() => {
                if (paused) feed.release();
                setPaused(!paused);
              }}
            >
              {t(paused ? 'feed.resume' : 'feed.pause')}
            </Button>
          </>
        }
      />
      {openedId !== undefined && opened === null && sent.data !== undefined ? (
        <Alert severity="info" variant="outlined" sx={{ mb: 2 }} onClose={() => open(null)}>
          {t('feed.notKept')}
        </Alert>
      ) : null}
      <Card component="section" aria-label={t('feed.title')} aria-busy={list.isFetching}>
        <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 1.5, p: { xs: 2, sm: 2.5 }, pb: 1.5 }}>
          <SearchBox value={q ?? ''} onSearch={(next) => setSearch({ q: next === '' ? undefined : next })} />
          <FeedFilters search={search} onSearch={setSearch} />
          {feed.skipped === 0 ? null : (
            <Typography variant="body2" color="textSecondary">
              {t('feed.skipped', { count: feed.skipped })}
            </Typography>
          )}
        </Box>
        {feed.waiting === 0 ? null : (
          <Box
            sx={{
              position: 'sticky',
              top: 8,
              zIndex: 2,
              display: 'flex',
              justifyContent: 'center',
              height: 0,
              overflow: 'visible',
            }}
          >
            <Button
              variant="contained"
              size="small"
              sx={{ height: 32 }}
              onClick={() => {
                scrollTo({ top: 0 });
                feed.release();
              }}
            >
              {t('feed.waiting', { count: feed.waiting })}
            </Button>
          </Box>
        )}
        {list.rows === undefined && rows.length === 0 ? (
          list.error === null ? (
            <RowsSkeleton label={t('feed.title')} />
          ) : (
            <ErrorState error={list.error} onRetry={list.reload} />
          )
        ) : rows.length === 0 && !list.hasMore ? (
          <EmptyState title={t(isNarrowed ? 'feed.none.title' : 'feed.empty.title')} icon={<SecurityIcon />}>
            <span>{t(isNarrowed ? 'feed.none.text' : 'feed.empty.text')}</span>
            {isNarrowed ? (
              <Box>
                <Button variant="outlined" onClick={clear}>
                  {t('feed.clear')}
                </Button>
              </Box>
            ) : null}
          </EmptyState>
        ) : (
          <>
            <ListTable
              label={t('feed.title')}
              columns={columns}
              rows={rows}
              rowKey={keyOf}
              sort={undefined}
              onSort={() => undefined}
              hasMore={false}
              onMore={() => undefined}
            />
            <Box sx={{ px: 2.5, py: 1.5, borderTop: 1, borderColor: 'divider' }}>
              {list.hasMore ? (
                <Button size="small" loading={list.isFetching} onClick={list.loadMore}>
                  {t('feed.more')}
                </Button>
              ) : (
                <Typography variant="body2" color="textSecondary">
                  {t('feed.end')}
                </Typography>
              )}
            </Box>
          </>
        )}
      </Card>
      <EventDrawer
        event={opened}
        who={opened === null ? '' : whoOf(opened)}
        onFilter={(change) => setSearch({ ...change, event: undefined })}
        onClose={() => open(null)}
      />
    </>
  );
}

function SearchBox({ value, onSearch }: { readonly value: string; readonly onSearch: (value: string) => void }) {
  const t = useMessages(securityMessages);
  const [text, setText] = useSettledText(value, onSearch, TYPING_PAUSE_MS);
  return (
    <TextField
      type="search"
      value={text}
      placeholder={t('filter.q')}
      onChange={(event) => setText(event.target.value)}
      sx={{ width: { xs: '100%', sm: 400 } }}
      slotProps={{ htmlInput: { 'aria-label': t('filter.q'), maxLength: 200 } }}
    />
  );
}
