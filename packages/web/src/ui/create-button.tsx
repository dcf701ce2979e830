import Button from '@mui/material/Button';
import type { Permission } from '@zeronaut/model';
import type { ReactNode } from 'react';
import { useMay } from '../base/session.ts';
import { PlusIcon } from './icons.tsx';

/** Opens the dialog that makes one more. Not there for whoever lacks `permission`; default: for everybody. */
export function CreateButton(props: {
  readonly permission?: Permission;
  readonly onClick: () => void;
  readonly children: ReactNode;
}) {
  const may = useMay();
  if (props.permission !== undefined && !may(props.permission)) return null;
  return (
    <Button data-create="" variant="contained" startIcon={<PlusIcon />} onClick={props.onClick}>
      {props.children}
    </Button>
  );
}
