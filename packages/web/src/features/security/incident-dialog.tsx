import Typography from '@mui/material/Typography';
import { type Incident, incidentNote } from '@zeronaut/model';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { TextInput } from '../../ui/form-fields.tsx';
import { securityMessages } from './messages.ts';

/** Says that somebody looks after it, or that it is done, with a note for the others. */
export function IncidentDialog(props: {
  readonly incident: Incident;
  readonly what: 'acknowledge' | 'close';
  readonly onClose: () => void;
}) {
  const t = useMessages(securityMessages);
  const { incident, what } = props;
  const send = useRouteMutation(`incidents.${what}`, ['incidents.list', 'incidents.get', 'overview.get']);
  return (
    <FormDialog
      title={t(`incident.${what}.title`)}
      action={t(`incident.${what}`)}
      schema={incidentNote}
      base={{ values: { note: incident.note } }}
      onSubmit={(body) => send.mutateAsync({ params: { id: incident.id }, body })}
      onClose={props.onClose}
    >
      <Typography color="textSecondary">{t(`incident.${what}.text`)}</Typography>
      <TextInput name="note" label={t('incident.note')} rows={3} maxLength={500} hint={t('incident.noteHint')} />
    </FormDialog>
  );
}
