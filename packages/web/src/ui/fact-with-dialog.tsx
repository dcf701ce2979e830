import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import { type ReactNode, Suspense, useState } from 'react';
import { useBegin } from '../base/use-begin.ts';

/** A fact, and beside it the button that opens the dialog which changes it. `action`: what is on it; null: whoever looks may not. */
export function FactWithDialog(props: {
  readonly action: string | null;
  /** Loaded when it is opened first. */
  readonly dialog: (onClose: () => void) => ReactNode;
  /** By which name the address may ask to open it. */
  readonly begin?: string;
  readonly children: ReactNode;
}) {
  const [isOpen, setOpen] = useState(false);
  useBegin(props.begin === undefined || props.action === null ? {} : { [props.begin]: () => setOpen(true) });
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'baseline', columnGap: 1 }}>
      {props.children}
      {props.action === null ? null : (
        <Button size="small" onClick={() => setOpen(true)}>
          {props.action}
        </Button>
      )}
      {isOpen ? <Suspense>{props.dialog(() => setOpen(false))}</Suspense> : null}
    </Box>
  );
}
