import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import type { WhatSelector, WhoSelector } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { DeleteIcon, PlusIcon } from '../../ui/icons.tsx';
import { policyMessages } from './messages.ts';

type Selector = WhoSelector | WhatSelector;

interface SelectorListProps {
  readonly kinds: readonly Selector['is'][];
  readonly selectors: readonly Selector[];
  readonly onSelectors: (selectors: Selector[]) => void;
}

/** Kinds of which an empty id stands for all. */
const MAY_BE_ALL: readonly Selector['is'][] = ['user', 'service_account', 'guest', 'resource', 'site'];

/** Whom or what a policy is about, one to a row. */
export function SelectorList({ kinds, selectors, onSelectors }: SelectorListProps) {
  const t = useMessages(policyMessages);
  const put = (index: number, is: Selector['is'], id: string | null) =>
    onSelectors(
      selectors.toSpliced(index, 1, {
        is,
        id: id === '' || id === null ? (MAY_BE_ALL.includes(is) ? null : '') : id,
      } as Selector),
    );
  return (
    <Box sx={{ display: 'grid', gap: 1 }}>
      {selectors.map((selector, index) => (
        <Box
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name but their place
          key={index}
          sx={{
            display: 'grid',
            gap: 1,
            gridTemplateColumns: 'minmax(110px, 160px) minmax(0, 1fr) auto',
            alignItems: 'center',
          }}
        >
          <TextField
            select
            aria-label={t('form.fact')}
            value={selector.is}
            onChange={(event) => put(index, event.target.value as Selector['is'], selector.id)}
            slotProps={{ select: { SelectDisplayProps: { 'aria-label': t('form.fact') } } }}
          >
            {kinds.map((kind) => (
              <MenuItem key={kind} value={kind}>
                {t(`kind.${kind}`)}
              </MenuItem>
            ))}
          </TextField>
          <TextField
            value={selector.id ?? ''}
            onChange={(event) => put(index, selector.is, event.target.value)}
            placeholder={MAY_BE_ALL.includes(selector.is) ? t('form.id') : ''}
            required={!MAY_BE_ALL.includes(selector.is)}
            slotProps={{ htmlInput: { 'aria-label': t('form.value'), maxLength: 300 } }}
          />
          <IconButton aria-label={t('form.remove')} onClick={() => onSelectors(selectors.toSpliced(index, 1))}>
            <DeleteIcon />
          </IconButton>
        </Box>
      ))}
      <Box>
        <Button
          size="small"
          startIcon={<PlusIcon />}
          onClick={() =>
            onSelectors([
              ...selectors,
              kinds.includes('group') ? { is: 'group', id: 'staff' } : { is: 'segment', id: 'prod' },
            ])
          }
        >
          {t('form.add')}
        </Button>
      </Box>
    </Box>
  );
}
