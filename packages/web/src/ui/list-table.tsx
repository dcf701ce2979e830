import Box from '@mui/material/Box';
import ButtonBase from '@mui/material/ButtonBase';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type ComponentProps, type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Value } from '../base/list-order.ts';
import { useMessages } from '../base/messages.ts';
import { SortDownIcon, SortUpIcon } from './icons.tsx';
import { uiMessages } from './messages.ts';

type Breakpoint = 'sm' | 'md' | 'lg';
const BREAKPOINTS = ['xs', 'sm', 'md', 'lg'] as const;
const ROW_PX = 56;
const LOAD_BEFORE_END_ROWS = 30;

export interface Column<Row> {
  readonly key: string;
  readonly header: string;
  readonly cell: (row: Row) => ReactNode;
  /** Set: the list can be sorted by it. */
  readonly value?: (row: Row) => Value;
  /** A track of the grid; default `1fr`. */
  readonly width?: string;
  /** Shown from this width of the window on; default: always. */
  readonly from?: Breakpoint;
  /** True: on a phone it stands below the others, over the whole width. For buttons. */
  readonly below?: boolean;
}

interface ListTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** As in the URL: a column, with `-` before it from the last to the first. */
  readonly sort: string | undefined;
  readonly onSort: (sort: string) => void;
  readonly hasMore: boolean;
  readonly onMore: () => void;
}

/** Rows of one grid, of which only those in the window exist. A link with `sx={rowLink}` in a cell makes its row open it. */
export function ListTable<Row>(props: ListTableProps<Row>) {
  const { rows, columns, hasMore, onMore } = props;
  const t = useMessages(uiMessages);
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(body.current === null ? 0 : body.current.getBoundingClientRect().top + scrollY), []);
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_PX,
    overscan: 8,
    scrollMargin: top,
    getItemKey: (index) => props.rowKey(rows[index]!),
  });
  const items = virtualizer.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - LOAD_BEFORE_END_ROWS) onMore();
  }, [hasMore, last, rows.length, onMore]);

  return (
    <Box
      role="table"
      aria-label={props.label}
      aria-rowcount={hasMore ? -1 : rows.length + 1}
      sx={{ ...ROWS, ...cellsOf(columns) }}
    >
      <Part role="rowgroup">
        <Part role="row" data-part="head">
          {columns.map((column) => {
            const isSorted = props.sort?.replace(/^-/, '') === column.key;
            const descending = props.sort === `-${column.key}`;
            return (
              <Part
                key={column.key}
                role="columnheader"
                data-column={column.key}
                aria-sort={isSorted ? (descending ? 'descending' : 'ascending') : undefined}
              >
                {column.value === undefined ? (
                  column.header
                ) : (
                  <ButtonBase
                    sx={{
                      font: 'inherit',
                      color: isSorted ? 'text.primary' : 'inherit',
                      fontWeight: isSorted ? 600 : 400,
                      gap: 0.5,
                      minHeight: 24,
                    }}
                    onClick={() => props.onSort(isSorted && !descending ? `-${column.key}` : column.key)}
                  >
                    {column.header}
                    {isSorted ? (
                      descending ? (
                        <SortDownIcon sx={{ fontSize: 14 }} titleAccess={t('list.sortedDown')} />
                      ) : (
                        <SortUpIcon sx={{ fontSize: 14 }} titleAccess={t('list.sortedUp')} />
                      )
                    ) : null}
                  </ButtonBase>
                )}
              </Part>
            );
          })}
        </Part>
      </Part>
      <Part ref={body} role="rowgroup" data-part="body" style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => (
          <Part
            key={item.key}
            ref={virtualizer.measureElement}
            data-index={item.index}
            data-part={item.index === rows.length - 1 ? 'last' : 'row'}
            role="row"
            aria-rowindex={item.index + 2}
            style={{ transform: `translateY(${item.start - top}px)` }}
          >
            {columns.map((column) => (
              <Part key={column.key} role="cell" data-column={column.key}>
                {column.cell(rows[item.index]!)}
              </Part>
            ))}
          </Part>
        ))}
      </Part>
    </Box>
  );
}

/** A group, row or cell of the grid. */
function Part(props: ComponentProps<'div'> & { readonly 'data-part'?: string; readonly 'data-column'?: string }) {
  return <div {...props} />;
}

/**
 * How rows and cells look, said once for the table: as styles of each of them they would be worked out anew for all that is shown, whenever
 * one event comes.
 */
const ROWS = {
  '& > div > [role="row"]': { display: 'grid', columnGap: 2, px: { xs: 2, sm: 2.5 }, py: 1, alignItems: 'center' },
  '& [data-part="head"]': { borderBottom: 1, borderColor: 'divider', color: 'text.secondary', fontSize: 12 },
  '& > [data-part="body"]': { position: 'relative' },
  '& [data-part="row"], & [data-part="last"]': {
    position: 'absolute',
    top: 0,
    left: 0,
    right: 0,
    minHeight: ROW_PX,
    '&:hover': { bgcolor: 'action.hover' },
  },
  '& [data-part="row"]': { borderBottom: 1, borderColor: 'divider' },
  '& [data-column]': { minWidth: 0 },
  '& [role="cell"]': { overflowWrap: 'anywhere' },
} as const;

/** Tracks, and from which width of the window on each column is there. */
function cellsOf<Row>(columns: readonly Column<Row>[]) {
  const styles: Record<string, object> = {
    '& > div > div[role="row"]': {
      gridTemplateColumns: Object.fromEntries(BREAKPOINTS.map((at) => [at, tracks(columns, at)])),
    },
  };
  for (const column of columns) {
    if (column.from !== undefined)
      styles[`& [data-column="${column.key}"]`] = { display: { xs: 'none', [column.from]: 'block' } };
    if (column.below === true) {
      styles[`& [role="columnheader"][data-column="${column.key}"]`] = { display: { xs: 'none', sm: 'block' } };
      styles[`& [role="cell"][data-column="${column.key}"]`] = { gridColumn: { xs: '1 / -1', sm: 'auto' } };
    }
  }
  return styles;
}

/** For the link of a row: all of the row is the link, other links and buttons in it stay on top with `aboveRowLink`. */
export const rowLink = {
  fontWeight: 600,
  color: 'text.primary',
  textDecoration: 'none',
  '&:hover': { color: 'primary.main' },
  '&::after': { content: '""', position: 'absolute', inset: 0 },
} as const;
export const aboveRowLink = { position: 'relative', zIndex: 1 } as const;

function tracks<Row>(columns: readonly Column<Row>[], at: (typeof BREAKPOINTS)[number]): string {
  return columns
    .filter(({ below }) => below !== true || at !== 'xs')
    .filter(({ from }) => from === undefined || BREAKPOINTS.indexOf(from) <= BREAKPOINTS.indexOf(at))
    .map(({ width }) => (width === undefined ? 'minmax(0, 1fr)' : width))
    .join(' ');
}
