import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import type { ReactNode } from 'react';
import { useMessages } from '../base/messages.ts';
import { CopyText } from './copy-text.tsx';
import { uiMessages } from './messages.ts';

interface SecretDialogProps {
  readonly title: string;
  /** What it is, for those who do not see it. */
  readonly label: string;
  readonly secret: string;
  readonly children?: ReactNode;
  readonly onClose: () => void;
}

/** What is shown once and never again. A click beside it does not close it. */
export function SecretDialog({ title, label, secret, children, onClose }: SecretDialogProps) {
  const t = useMessages(uiMessages);
  return (
    <Dialog open fullWidth maxWidth="sm" aria-labelledby="secret-title">
      <DialogTitle id="secret-title" variant="h4">
        {title}
      </DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2 }}>
        <Alert severity="warning">{t('secret.once')}</Alert>
        <CopyText text={secret} label={label} />
        {children}
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2 }}>
        <Button variant="contained" onClick={onClose}>
          {t('secret.kept')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
