import Autocomplete from '@mui/material/Autocomplete';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Chip from '@mui/material/Chip';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { routeQuery } from '../../base/api.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import { useReasonText } from '../../base/reason-texts.ts';
import { useMay } from '../../base/session.ts';
import { absoluteTime } from '../../ui/time.tsx';
import type { FeedSearch } from './feed.ts';
import { securityMessages } from './messages.ts';

const EFFECTS = ['pass', 'challenge', 'deny'] as const;
const ALL = { query: { limit: 500 } } as const;
/** What most people never ask for stands below a button, and as a chip once it is asked for. */
const CHIPS = ['from', 'to', 'failed', 'gateway', 'policy', 'subject', 'address', 'reason'] as const;
const HALF = { width: { xs: 'calc(50% - 6px)', sm: 180 } } as const;
const SHRUNK = { inputLabel: { shrink: true }, select: { displayEmpty: true } } as const;

interface FeedFiltersProps {
  readonly search: FeedSearch;
  readonly onSearch: (change: Readonly<Record<string, string | undefined>>) => void;
}

/** Everything that the list of accesses can be narrowed by, each as text in the URL. */
export function FeedFilters({ search, onSearch }: FeedFiltersProps) {
  const t = useMessages(securityMessages);
  const language = useLanguage();
  const may = useMay();
  const nameOf = useNameOf();
  const reasonText = useReasonText();
  const [more, setMore] = useState(false);
  const resources = useQuery(routeQuery('resources.list', ALL));
  const gateways = useQuery({
    ...routeQuery('gateways.list', ALL),
    enabled: may('gateways:read') && (more || search.gateway !== undefined),
  });
  const policies = useQuery({
    ...routeQuery('policies.list', ALL),
    enabled: may('policies:read') && (more || search.policy !== undefined),
  });
  const users = useQuery({ ...routeQuery('users.list', ALL), enabled: may('users:read') && more });
  const named = (items: readonly { readonly id: string; readonly name: string }[] | undefined, id: string) =>
    items?.find((one) => one.id === id)?.name ?? id;
  /** A chip's words: what the URL says, as people know it. */
  const said = (name: (typeof CHIPS)[number], value: string): string => {
    if (name === 'subject') return nameOf(value);
    if (name === 'reason') return reasonText(value).title;
    if (name === 'gateway') return named(gateways.data?.items, value);
    if (name === 'policy') return named(policies.data?.items, value);
    if (name === 'failed') return t(value === 'true' ? 'filter.failed.yes' : 'filter.failed.no');
    if (name === 'from' || name === 'to') {
      return Number.isNaN(Date.parse(value)) ? value : absoluteTime(value, language);
    }
    return value;
  };
  const select = (
    name: 'effect' | 'resource' | 'gateway' | 'policy',
    options: readonly { readonly value: string; readonly label: string }[],
  ) => (
    <TextField
      select
      label={t(`filter.${name}.label`)}
      value={options.some(({ value }) => value === search[name]) ? search[name] : ''}
      onChange={({ target }) => onSearch({ [name]: target.value || undefined })}
      sx={HALF}
      slotProps={SHRUNK}
    >
      <MenuItem value="">{t('filter.all')}</MenuItem>
      {options.map(({ value, label }) => (
        <MenuItem key={value} value={value}>
          {label}
        </MenuItem>
      ))}
    </TextField>
  );
  const byName = (items: readonly { readonly id: string; readonly name: string }[] | undefined) =>
    (items ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <>
      {select(
        'effect',
        EFFECTS.map((value) => ({ value, label: t(`effect.${value}`) })),
      )}
      {select('resource', byName(resources.data?.items))}
      <Button color="inherit" aria-expanded={more} onClick={() => setMore(!more)}>
        {t(more ? 'filter.less' : 'filter.more')}
      </Button>
      {more ? (
        <Box role="group" aria-label={t('filter.more')} sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, width: 1 }}>
          {(['from', 'to'] as const).map((name) => (
            <TextField
              key={name}
              type="datetime-local"
              label={t(`filter.${name}.label`)}
              value={localTime(search[name])}
              onChange={({ target }) => onSearch({ [name]: isoTime(target.value) })}
              sx={{ width: { xs: 1, sm: 220 } }}
              slotProps={{ inputLabel: { shrink: true } }}
            />
          ))}
          {may('gateways:read') ? select('gateway', byName(gateways.data?.items)) : null}
          {may('policies:read') ? select('policy', byName(policies.data?.items)) : null}
          <Autocomplete
            freeSolo
            options={users.data?.items.map(({ id }) => id) ?? []}
            getOptionLabel={nameOf}
            value={search.subject ?? ''}
            onChange={(_, next) => onSearch({ subject: next || undefined })}
            sx={{ width: { xs: 1, sm: 220 } }}
            renderInput={(params) => <TextField {...params} label={t('filter.subject.label')} />}
          />
          {(['address', 'reason'] as const).map((name) => (
            <Entered
              key={`${name} ${search[name] ?? ''}`}
              label={t(`filter.${name}.label`)}
              value={search[name] ?? ''}
              onValue={(value) => onSearch({ [name]: value || undefined })}
            />
          ))}
        </Box>
      ) : null}
      {CHIPS.map((name) => {
        const value = search[name];
        if (value === undefined) return null;
        const label = t(`filter.${name}`, { value: said(name, value) });
        return (
          <Chip
            key={name}
            label={label}
            onDelete={() => onSearch({ [name]: undefined })}
            aria-label={t('filter.remove', { name: label })}
          />
        );
      })}
    </>
  );
}

/** Text that counts when it was written to its end. */
function Entered(props: { readonly label: string; readonly value: string; readonly onValue: (value: string) => void }) {
  const [text, setText] = useState(props.value);
  const enter = () => {
    if (text.trim() !== props.value) props.onValue(text.trim());
  };
  return (
    <TextField
      label={props.label}
      value={text}
      onChange={({ target }) => setText(target.value)}
      onBlur={enter}
      onKeyDown={({ key }) => {
        if (key === 'Enter') enter();
      }}
      sx={HALF}
      slotProps={{ htmlInput: { maxLength: 200 } }}
    />
  );
}

/** As the input of the browser has it, in its zone. */
function localTime(iso: string | undefined): string {
  const at = new Date(iso ?? '');
  if (Number.isNaN(at.getTime())) return '';
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function isoTime(local: string): string | undefined {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
