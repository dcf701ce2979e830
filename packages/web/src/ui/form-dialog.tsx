import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import type { ReactNode } from 'react';
import type { FieldValues } from 'react-hook-form';
import type { z } from 'zod';
import { useMessages } from '../base/messages.ts';
import { type Base, Form } from './form.tsx';
import { uiMessages } from './messages.ts';

interface FormDialogProps<S extends z.ZodType<FieldValues, FieldValues>> {
  readonly title: string;
  /** The verb on the button. */
  readonly action: string;
  readonly schema: S;
  readonly base: Base<z.input<S>>;
  readonly onSubmit: (values: z.output<S>, base: Base<z.input<S>>) => Promise<unknown>;
  /** See `Form`. */
  readonly done?: string;
  readonly isFinal?: (values: z.output<S>) => boolean;
  readonly reload?: () => Promise<Base<z.input<S>>>;
  /** Called when it is done too, unless `keepOpen`. */
  readonly onClose: () => void;
  readonly keepOpen?: boolean;
  readonly wide?: boolean;
  readonly children: ReactNode;
}

/** A form in a dialog; see `Form`. It is mounted when it is opened, so that it begins anew each time. */
export function FormDialog<S extends z.ZodType<FieldValues, FieldValues>>(props: FormDialogProps<S>) {
  const t = useMessages(uiMessages);
  return (
    <Dialog open onClose={props.onClose} fullWidth maxWidth={props.wide ? 'md' : 'sm'} aria-labelledby="form-title">
      <DialogTitle id="form-title" variant="h4">
        {props.title}
      </DialogTitle>
      {/* The label of the first field sits on its border and needs room above. */}
      <DialogContent sx={{ '&&': { pt: 1 } }}>
        <Form
          schema={props.schema}
          base={props.base}
          {...(props.reload === undefined ? {} : { reload: props.reload })}
          {...(props.done === undefined ? {} : { done: props.done })}
          {...(props.isFinal === undefined ? {} : { isFinal: props.isFinal })}
          onSubmit={async (values, base) => {
            const result = await props.onSubmit(values, base);
            if (!props.keepOpen) props.onClose();
            return result;
          }}
          actions={({ busy }) => (
            <DialogActions sx={{ p: 0, pt: 1 }}>
              <Button color="inherit" onClick={props.onClose} disabled={busy}>
                {t('confirm.cancel')}
              </Button>
              <Button type="submit" variant="contained" loading={busy}>
                {props.action}
              </Button>
            </DialogActions>
          )}
        >
          {props.children}
        </Form>
      </DialogContent>
    </Dialog>
  );
}
