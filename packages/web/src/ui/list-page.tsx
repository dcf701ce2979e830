import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import InputAdornment from '@mui/material/InputAdornment';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { type ReactNode, useDeferredValue, useEffect, useState } from 'react';
import { matching, sorted } from '../base/list-order.ts';
import type { ListSearch } from '../base/list-search.ts';
import { useLanguage, useMessages } from '../base/messages.ts';
import type { List } from '../base/use-list.ts';
import { SearchIcon } from './icons.tsx';
import { type Column, ListTable } from './list-table.tsx';
import { uiMessages } from './messages.ts';
import { PageHeader } from './page-header.tsx';
import { EmptyState, ErrorState, RowsSkeleton } from './states.tsx';

export interface Filter<Row> {
  /** Its name in the URL. */
  readonly key: string;
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly matches: (row: Row, value: string) => boolean;
}

interface ListPageProps<Row> {
  readonly title: string;
  readonly subtitle?: ReactNode;
  readonly actions?: ReactNode;
  /** `PageTabs`, where the list is one of several. */
  readonly tabs?: ReactNode;
  /** Between the heading and the list: a map of it, how the last action went. */
  readonly above?: ReactNode;
  readonly list: List<Row>;
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  /** What the search looks through. */
  readonly textOf: (row: Row) => string;
  readonly filters?: readonly Filter<Row>[];
  /** What is in the URL, and how to change it. `undefined` takes a part away. */
  readonly search: ListSearch;
  readonly onSearch: (change: Record<string, string | undefined>) => void;
  /** Shown when there is nothing at all: what this is and what to do. `actions` default to those of the page. */
  readonly empty: {
    readonly title: string;
    readonly text: ReactNode;
    readonly icon: ReactNode;
    readonly more?: ReactNode;
    readonly actions?: ReactNode;
  };
}

const TYPING_PAUSE_MS = 200;

/** The one list page: search, filters and order in the URL, and each state that a list can be in. */
export function ListPage<Row>(props: ListPageProps<Row>) {
  const { list, search, columns, empty, filters = [] } = props;
  const t = useMessages(uiMessages);
  const language = useLanguage();
  const q = useDeferredValue(search.q ?? '');
  const active = filters.filter(({ key }) => search[key] !== undefined);
  const all = list.rows ?? [];
  let rows = list.isSearched === true ? all : matching(all, q, props.textOf);
  for (const filter of active) rows = rows.filter((row) => filter.matches(row, search[filter.key]!));
  const by = columns.find(({ key }) => key === search.sort?.replace(/^-/, ''))?.value;
  if (by !== undefined) rows = sorted(rows, by, search.sort!.startsWith('-'), language);
  // What is searched must be here: pages follow until all are, or enough match.
  const isNarrowed = q !== '' || active.length > 0 || by !== undefined;
  const isEmpty = list.rows !== undefined && all.length === 0 && list.isSearched !== true;
  const clear = () =>
    props.onSearch({ q: undefined, ...Object.fromEntries(filters.map(({ key }) => [key, undefined])) });

  return (
    <>
      {props.tabs}
      {/* Of an empty list its own button is the one thing to do. */}
      <PageHeader
        title={props.title}
        subtitle={props.subtitle}
        actions={isEmpty && empty.actions === undefined ? undefined : props.actions}
      />
      {props.above}
      <Card component="section" aria-label={props.title} aria-busy={list.isFetching}>
        {list.rows === undefined ? (
          list.error === null ? (
            <RowsSkeleton label={t('list.loading')} />
          ) : (
            <ErrorState error={list.error} onRetry={list.reload} />
          )
        ) : isEmpty ? (
          <EmptyState title={empty.title} icon={empty.icon}>
            <span>{empty.text}</span>
            {empty.more}
            <Box>{empty.actions === undefined ? props.actions : empty.actions}</Box>
          </EmptyState>
        ) : (
          <>
            <Box
              sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 1.5, p: { xs: 2, sm: 2.5 }, pb: 1.5 }}
            >
              <SearchField value={search.q ?? ''} onChange={(next) => props.onSearch({ q: next || undefined })} />
              {filters.map((filter) => (
                <TextField
                  key={filter.key}
                  select
                  label={filter.label}
                  value={filter.options.some(({ value }) => value === search[filter.key]) ? search[filter.key] : ''}
                  onChange={(event) => props.onSearch({ [filter.key]: event.target.value || undefined })}
                  sx={{ width: { xs: 'calc(50% - 6px)', sm: 150 } }}
                  slotProps={{ inputLabel: { shrink: true }, select: { displayEmpty: true } }}
                >
                  <MenuItem value="">{t('list.all')}</MenuItem>
                  {filter.options.map(({ value, label }) => (
                    <MenuItem key={value} value={value}>
                      {label}
                    </MenuItem>
                  ))}
                </TextField>
              ))}
              <Typography variant="body2" color="textSecondary" aria-live="polite" sx={{ ml: 'auto' }}>
                {list.hasMore && !isNarrowed
                  ? t('list.countMore', { count: rows.length })
                  : t('list.count', { count: rows.length })}
              </Typography>
            </Box>
            {rows.length === 0 && !list.hasMore ? (
              <EmptyState title={t('list.noMatch')}>
                <span>{t('list.noMatchText')}</span>
                <Box>
                  <Button variant="outlined" onClick={clear}>
                    {t('list.clear')}
                  </Button>
                </Box>
              </EmptyState>
            ) : (
              <ListTable
                label={props.title}
                columns={columns}
                rows={rows}
                rowKey={props.rowKey}
                sort={search.sort}
                onSort={(sort) => props.onSearch({ sort })}
                hasMore={list.hasMore}
                onMore={list.loadMore}
              />
            )}
          </>
        )}
      </Card>
    </>
  );
}

/** Typing is shown at once and searched after a pause. */
function SearchField({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  const t = useMessages(uiMessages);
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  return (
    <TextField
      type="search"
      value={text}
      placeholder={t('list.search')}
      onChange={(event) => setText(event.target.value)}
      sx={{ width: { xs: '100%', sm: 260 } }}
      slotProps={{
        htmlInput: { 'aria-label': t('list.search'), maxLength: 200 },
        input: {
          startAdornment: (
            <InputAdornment position="start">
              <SearchIcon fontSize="small" />
            </InputAdornment>
          ),
        },
      }}
    />
  );
}
