import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import { type ReactNode, useDeferredValue, useEffect } from 'react';
import { isNarrowing, narrowed } from '../base/list-order.ts';
import type { ListSearch } from '../base/list-search.ts';
import { useLanguage, useMessages } from '../base/messages.ts';
import type { List } from '../base/use-list.ts';
import { type Filter, ListBar, NoMatch } from './list-bar.tsx';
import { type Column, ListTable } from './list-table.tsx';
import { uiMessages } from './messages.ts';
import { PageHeader } from './page-header.tsx';
import { EmptyState, ErrorState, RowsSkeleton } from './states.tsx';

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

/** An order that the API does not know is made here, over all rows that there are, or so many. */
const SORTED_HERE = 5_000;

/** The one list page: search, filters and order in the URL, and each state that a list can be in. */
export function ListPage<Row>(props: ListPageProps<Row>) {
  const { list, search, columns, empty, filters = [] } = props;
  const t = useMessages(uiMessages);
  const language = useLanguage();
  const deferred = useDeferredValue(search);
  const all = list.rows ?? [];
  // What the API searched has the words, wherever it found them.
  const asked = list.isSearched === true ? { ...deferred, q: undefined } : deferred;
  const rows = narrowed(all, asked, { textOf: props.textOf, filters, orders: columns }, language);
  const by = columns.find(({ key }) => key === search.sort?.replace(/^-/, ''))?.value;
  // What is searched must be here: pages follow until all are, or enough match.
  const isNarrowed = isNarrowing(deferred, filters) || by !== undefined;
  const isUnordered = by !== undefined && list.isOrdered !== true && list.hasMore && all.length < SORTED_HERE;
  const { isFetching, loadMore } = list;
  useEffect(() => {
    if (isUnordered && !isFetching) loadMore();
  }, [isUnordered, isFetching, loadMore]);
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
            <ListBar
              filters={filters}
              search={search}
              onSearch={props.onSearch}
              count={rows.length}
              isMore={list.hasMore && !isNarrowed}
            />
            {rows.length === 0 && !list.hasMore ? (
              <NoMatch onClear={clear} />
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
