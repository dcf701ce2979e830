import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import { useSearch } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { isNarrowing, narrowed } from '../base/list-order.ts';
import type { ListSearch } from '../base/list-search.ts';
import { useLanguage, useMessages } from '../base/messages.ts';
import { useSearchChange } from '../base/use-search-change.ts';
import { type Filter, ListBar, NoMatch, type Order } from './list-bar.tsx';
import { uiMessages } from './messages.ts';

/** So many rows are seen at a glance, and need no search. */
const AT_A_GLANCE = 10;
/** While a search found fewer, it goes on by itself. */
const ENOUGH_ROWS = 20;

export interface Find<Row> {
  /** Of several lists on a page: what the URL calls this one. `?sessions=firefox&sessions.sort=name` instead of `?q=firefox&sort=name`. */
  readonly name?: string;
  /** What the search looks through. */
  readonly textOf: (row: Row) => string;
  readonly filters?: readonly Filter<Row>[];
  readonly orders?: readonly Order<Row>[];
}

/**
 * Rows of a card that have no table: searched, filtered and ordered in the URL once there are more than are seen at a glance.
 * `listSearch` of the route has to let its names through.
 */
export function ShortList<Row>(props: {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly find: Find<Row>;
  /** Rows that the API still has. What is searched must be here, so a search fetches them. */
  readonly hasMore?: boolean;
  readonly isFetching?: boolean;
  readonly onMore?: () => void;
  /** It stands in what has a padding of its own. */
  readonly padded?: boolean;
  readonly children: (rows: readonly Row[]) => ReactNode;
}) {
  const { rows, find, hasMore = false, isFetching = false, onMore } = props;
  const { filters = [], orders = [] } = find;
  const t = useMessages(uiMessages);
  const language = useLanguage();
  const change = useSearchChange();
  const inUrl = useSearch({ strict: false }) as ListSearch;
  const keyOf = (part: string) => (find.name === undefined ? part : part === 'q' ? find.name : `${find.name}.${part}`);
  const parts = ['q', 'sort', ...filters.map(({ key }) => key)];
  const search: ListSearch = Object.fromEntries(parts.map((part) => [part, inUrl[keyOf(part)]]));
  const onSearch = (next: Record<string, string | undefined>) =>
    change(Object.fromEntries(Object.entries(next).map(([part, value]) => [keyOf(part), value])));
  const shown = narrowed(rows, search, find, language);
  const isAsked = isNarrowing(search, filters);
  const goesOn = hasMore && ((isAsked && shown.length < ENOUGH_ROWS) || search.sort !== undefined);
  useEffect(() => {
    if (goesOn && !isFetching) onMore?.();
  }, [goesOn, isFetching, onMore]);
  if (rows.length <= AT_A_GLANCE && !hasMore && !isAsked && search.sort === undefined) return props.children(rows);
  return (
    <>
      <ListBar
        label={find.name === undefined ? undefined : props.label}
        name={find.name}
        filters={filters}
        orders={orders}
        search={search}
        onSearch={onSearch}
        count={shown.length}
        isMore={hasMore && !isAsked}
        padded={props.padded === true}
      />
      {shown.length === 0 && !goesOn ? (
        <NoMatch onClear={() => onSearch(Object.fromEntries(parts.map((part) => [part, undefined])))} />
      ) : (
        props.children(shown)
      )}
      {hasMore && onMore !== undefined ? (
        <Box sx={{ px: { xs: 2, sm: 2.5 }, py: 1.5 }}>
          <Button size="small" loading={isFetching} onClick={onMore}>
            {t('list.more')}
          </Button>
        </Box>
      ) : null}
    </>
  );
}
