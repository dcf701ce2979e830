import Alert from '@mui/material/Alert';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import TextField from '@mui/material/TextField';
import { useQuery } from '@tanstack/react-query';
import { type AccessRequest, routes } from '@zeronaut/model';
import { useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { Facts } from '../../ui/facts.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { SelectInput, TextInput } from '../../ui/form-fields.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { duration } from './duration.ts';
import { accessRequestMessages } from './messages.ts';

const LIVES_MINUTES = [30, 60, 240, 480, 1_440] as const;
const ALL = { query: { limit: 500 } } as const;

export function AskDialog({ object, onClose }: { readonly object: string; readonly onClose: () => void }) {
  const t = useMessages(accessRequestMessages);
  const create = useRouteMutation('accessRequests.create', ['accessRequests.list']);
  const resources = useQuery(routeQuery('resources.list', ALL));
  const sites = useQuery(routeQuery('sites.list', ALL));
  if (resources.isLoading || sites.isLoading) return null;
  const names = [...(resources.data?.items ?? []), ...(sites.data?.items ?? [])].map(({ name }) => name).sort();
  const known = [...new Set([...names, ...(object === '' ? [] : [object])])];
  return (
    <FormDialog
      title={t('ask')}
      action={t('ask.send')}
      schema={routes['accessRequests.create'].body}
      base={{ values: { object, minutes: 60, reason: '' } }}
      onSubmit={(body) => create.mutateAsync({ body })}
      onClose={onClose}
    >
      <SelectInput name="object" label={t('column.object')} options={known.map((value) => ({ value, label: value }))} />
      <SelectInput
        name="minutes"
        label={t('field.minutes')}
        options={LIVES_MINUTES.map((value) => {
          const { unit, count } = duration(value);
          return { value, label: t(unit, { count }) };
        })}
      />
      <TextInput name="reason" label={t('column.reason')} rows={3} maxLength={500} hint={t('reason.hint')} />
    </FormDialog>
  );
}

/** Both answers side by side, with a note for whoever asked and the audit log. */
export function DecideDialog({ request, onClose }: { readonly request: AccessRequest; readonly onClose: () => void }) {
  const t = useMessages(accessRequestMessages);
  const decide = useRouteMutation('accessRequests.decide', ['accessRequests.list']);
  const [note, setNote] = useState('');
  const { unit, count } = duration(request.minutes);
  const answer = (effect: 'approve' | 'refuse') =>
    decide.mutate({ params: { id: request.id }, body: { effect, note } }, { onSuccess: onClose });
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="sm" aria-labelledby="decide-title">
      <DialogTitle id="decide-title" variant="h4">
        {t('decide.title', { who: request.email, object: request.object })}
      </DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2 }}>
        <Facts
          rows={[
            [t('field.minutes'), t(unit, { count })],
            [t('column.reason'), request.reason],
            [t('column.asked'), <Time key="asked" at={request.createdAt} />],
            [t('field.closes'), <Time key="closes" at={request.closesAt} />],
          ]}
        />
        {request.needed > 1 ? <Alert severity="info">{t('decide.several', { count: request.needed })}</Alert> : null}
        <TextField
          label={t('field.note')}
          helperText={t('note.hint')}
          value={note}
          onChange={({ target }) => setNote(target.value)}
          multiline
          rows={2}
          slotProps={{ htmlInput: { maxLength: 500 } }}
        />
        {decide.error === null ? null : <ErrorState error={decide.error} />}
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2 }}>
        <Button color="inherit" onClick={onClose} disabled={decide.isPending} sx={{ mr: 'auto' }}>
          {t('later')}
        </Button>
        <Button variant="outlined" color="error" onClick={() => answer('refuse')} disabled={decide.isPending}>
          {t('refuse')}
        </Button>
        <Button variant="contained" onClick={() => answer('approve')} loading={decide.isPending}>
          {t('approve')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
