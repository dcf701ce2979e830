import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import InputAdornment from '@mui/material/InputAdornment';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import type { Value } from '../base/list-order.ts';
import type { ListSearch } from '../base/list-search.ts';
import { useMessages } from '../base/messages.ts';
import { useSettledText } from '../base/use-settled-text.ts';
import { SearchIcon } from './icons.tsx';
import { uiMessages } from './messages.ts';
import { EmptyState } from './states.tsx';

export interface Filter<Row> {
  /** Its name in the URL. */
  readonly key: string;
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly matches: (row: Row, value: string) => boolean;
}

/** An order of rows that have no heads of columns to press. */
export interface Order<Row> {
  /** Its name in the URL. */
  readonly key: 'name' | 'ends' | 'most' | 'port' | 'broken';
  /** What is smallest comes first. */
  readonly value: (row: Row) => Value;
}

const TYPING_PAUSE_MS = 200;
const EDGE = { xs: 2, sm: 2.5 } as const;

/** What stands above each list: its search, its filters, its orders, and how many there are. */
export function ListBar<Row>(props: {
  /** Of several lists on a page: what this one is called, by people and in the URL. */
  readonly label?: string | undefined;
  readonly name?: string | undefined;
  readonly filters?: readonly Omit<Filter<Row>, 'matches'>[];
  readonly orders?: readonly Order<Row>[];
  readonly search: ListSearch;
  /** `undefined` takes a part away. */
  readonly onSearch: (change: Record<string, string | undefined>) => void;
  readonly count: number;
  /** There are more than were counted. */
  readonly isMore: boolean;
  /** It stands in what has a padding of its own. */
  readonly padded?: boolean;
}) {
  const { search, onSearch, filters = [], orders = [], padded = false } = props;
  const t = useMessages(uiMessages);
  return (
    <Box
      sx={{
        display: 'flex',
        flexWrap: 'wrap',
        alignItems: 'center',
        gap: 1.5,
        px: padded ? 0 : EDGE,
        pt: padded ? 0 : EDGE,
        pb: padded ? 2 : 1.5,
      }}
    >
      <SearchField
        label={props.label === undefined ? t('list.search') : t('list.searchIn', { list: props.label })}
        name={props.name ?? 'q'}
        value={search.q ?? ''}
        onChange={(next) => onSearch({ q: next || undefined })}
      />
      {filters
        .filter(({ options }) => options.length > 0)
        .map(({ key, label, options }) => (
          <Choice
            key={key}
            label={label}
            usual={t('list.all')}
            options={options}
            value={search[key]}
            onChange={(next) => onSearch({ [key]: next })}
          />
        ))}
      {orders.length === 0 ? null : (
        <Choice
          label={t('list.order')}
          usual={t('list.order.usual')}
          options={orders.map(({ key }) => ({ value: key, label: t(`list.order.${key}`) }))}
          value={search.sort}
          onChange={(sort) => onSearch({ sort })}
        />
      )}
      <Typography variant="body2" color="textSecondary" aria-live="polite" sx={{ ml: 'auto' }}>
        {t(props.isMore ? 'list.countMore' : 'list.count', { count: props.count })}
      </Typography>
    </Box>
  );
}

function Choice(props: {
  readonly label: string;
  /** What it is when nothing was chosen. */
  readonly usual: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}) {
  const { options, value } = props;
  return (
    <TextField
      select
      label={props.label}
      value={options.some((one) => one.value === value) ? value : ''}
      onChange={(event) => props.onChange(event.target.value || undefined)}
      sx={{ width: { xs: 'calc(50% - 6px)', sm: 150 } }}
      slotProps={{ inputLabel: { shrink: true }, select: { displayEmpty: true } }}
    >
      <MenuItem value="">{props.usual}</MenuItem>
      {options.map((one) => (
        <MenuItem key={one.value} value={one.value}>
          {one.label}
        </MenuItem>
      ))}
    </TextField>
  );
}

/** Where rows would be, when none is as it was asked for. */
export function NoMatch({ onClear }: { readonly onClear: () => void }) {
  const t = useMessages(uiMessages);
  return (
    <EmptyState title={t('list.noMatch')}>
      <span>{t('list.noMatchText')}</span>
      <Box>
        <Button variant="outlined" onClick={onClear}>
          {t('list.clear')}
        </Button>
      </Box>
    </EmptyState>
  );
}

/** Typing is shown at once and searched after a pause. */
function SearchField(props: {
  readonly value: string;
  readonly label: string;
  readonly name: string;
  readonly onChange: (value: string) => void;
}) {
  const { value, onChange } = props;
  const t = useMessages(uiMessages);
  const [text, setText] = useSettledText(value, onChange, TYPING_PAUSE_MS);
  return (
    <TextField
      type="search"
      name={props.name}
      autoComplete="off"
      value={text}
      placeholder={t('list.search')}
      onChange={(event) => setText(event.target.value)}
      sx={{ width: { xs: '100%', sm: 260 } }}
      slotProps={{
        htmlInput: { 'aria-label': props.label, maxLength: 200 },
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
