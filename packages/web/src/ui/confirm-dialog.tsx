import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import TextField from '@mui/material/TextField';
import { type ReactNode, useState } from 'react';
import { useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';
import { ErrorState } from './states.tsx';

interface ConfirmDialogProps {
  readonly open: boolean;
  readonly title: string;
  /** What will happen, in full. */
  readonly children: ReactNode;
  /** The verb on the button: "Stop", "Revoke". */
  readonly action: string;
  /** Set: this name has to be typed first, for what cannot be undone. */
  readonly typeName?: string;
  /** It gives instead of taking away: the button is not red. */
  readonly harmless?: true;
  /** Rejects with the refusal, which is then shown; resolves when done. */
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks once before something is taken away. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const t = useMessages(uiMessages);
  const [typed, setTyped] = useState('');
  const [state, setState] = useState<{ readonly busy: boolean; readonly error: unknown }>({ busy: false, error: null });

  function close(): void {
    if (state.busy) return;
    setTyped('');
    setState({ busy: false, error: null });
    props.onClose();
  }
  async function confirm(): Promise<void> {
    setState({ busy: true, error: null });
    try {
      await props.onConfirm();
      setTyped('');
      setState({ busy: false, error: null });
      props.onClose();
    } catch (error) {
      setState({ busy: false, error });
    }
  }

  return (
    <Dialog open={props.open} onClose={close} fullWidth maxWidth="xs" aria-labelledby="confirm-title">
      <DialogTitle id="confirm-title" variant="h4">
        {props.title}
      </DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2 }}>
        {props.children}
        {props.typeName === undefined ? null : (
          <TextField
            label={t('confirm.type', { name: props.typeName })}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoComplete="off"
            sx={{ mt: 1 }}
          />
        )}
        {state.error === null ? null : <ErrorState error={state.error} />}
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2 }}>
        <Button color="inherit" onClick={close} disabled={state.busy}>
          {t('confirm.cancel')}
        </Button>
        <Button
          variant="contained"
          color={props.harmless ? 'primary' : 'error'}
          loading={state.busy}
          disabled={props.typeName !== undefined && typed !== props.typeName}
          onClick={() => void confirm()}
        >
          {props.action}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
