import Drawer from '@mui/material/Drawer';
import type { ReactNode } from 'react';

/** The menu over the page, on a phone. Fetched when it is first opened there: whoever has room never needs it. */
export function MenuDrawer(props: {
  readonly open: boolean;
  readonly label: string;
  readonly width: number;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Drawer
      open={props.open}
      onClose={props.onClose}
      sx={{ display: { md: 'none' } }}
      slotProps={{ paper: { sx: { width: props.width }, 'aria-label': props.label } }}
    >
      {props.children}
    </Drawer>
  );
}
