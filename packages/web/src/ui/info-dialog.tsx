import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import type { ReactNode } from 'react';
import { useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';

/** Something to read or take along, with nothing to decide. */
export function InfoDialog(props: {
  readonly title: string;
  readonly children: ReactNode;
  /** A button beside the one that closes it. */
  readonly action?: ReactNode;
  readonly onClose: () => void;
}) {
  const t = useMessages(uiMessages);
  return (
    <Dialog open onClose={props.onClose} fullWidth maxWidth="sm" aria-labelledby="info-title">
      <DialogTitle id="info-title" variant="h4">
        {props.title}
      </DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2 }}>{props.children}</DialogContent>
      <DialogActions sx={{ px: 3, pb: 2 }}>
        <Button color="inherit" onClick={props.onClose}>
          {t('info.close')}
        </Button>
        {props.action}
      </DialogActions>
    </Dialog>
  );
}
