import Autocomplete from '@mui/material/Autocomplete';
import type { SxProps } from '@mui/material/styles';
import TextField from '@mui/material/TextField';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useSettled } from '../../base/use-settled.ts';
import { policyMessages } from './messages.ts';

const OFFERED = 50;

/** Devices are asked about by their id, and chosen by their name. */
export function DeviceInput(props: {
  readonly id: string;
  readonly onId: (id: string) => void;
  readonly sx?: SxProps;
}) {
  const { id, onId } = props;
  const t = useMessages(policyMessages);
  const [typed, setTyped] = useState('');
  const q = useSettled(typed).trim();
  const devices = useQuery(
    routeQuery('devices.list', { query: { limit: OFFERED, sort: 'name', ...(q !== '' && { q }) } }),
  );
  const chosen = useQuery({ ...routeQuery('devices.get', { params: { id } }), enabled: id !== '' });
  const named = (device: { readonly id: string; readonly name: string }) => ({ id: device.id, name: device.name });
  return (
    <Autocomplete
      sx={props.sx ?? null}
      options={devices.data?.items.map(named) ?? []}
      value={id === '' ? null : chosen.data === undefined ? { id, name: id } : named(chosen.data)}
      getOptionLabel={({ name }) => name}
      getOptionKey={(device) => device.id}
      isOptionEqualToValue={(one, other) => one.id === other.id}
      filterOptions={(options) => options}
      onInputChange={(_, text, reason) => setTyped(reason === 'input' ? text : '')}
      onChange={(_, device) => onId(device?.id ?? '')}
      renderInput={(params) => <TextField {...params} label={t('simulate.device')} />}
    />
  );
}
