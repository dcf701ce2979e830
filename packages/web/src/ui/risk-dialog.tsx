import { type Risk, routes } from '@zeronaut/model';
import { useRouteMutation } from '../base/api.ts';
import { useMessages } from '../base/messages.ts';
import { FormDialog } from './form-dialog.tsx';
import { NumberInput, TextInput } from './form-fields.tsx';
import { uiMessages } from './messages.ts';
import { useDone } from './use-done.ts';

/** A user or device. */
export interface Mistrusted {
  readonly id: string;
  readonly name: string;
}

/** The end of what was set for a while is not asked: `zeronaut policy risk --for` sets it. */
const schema = routes['risks.set'].body.omit({ expiresInSeconds: true });

export function RiskDialog(props: {
  readonly of: Mistrusted;
  readonly risk: Risk | null;
  readonly onClose: () => void;
}) {
  const t = useMessages(uiMessages);
  const done = useDone();
  const { of, risk } = props;
  const set = useRouteMutation('risks.set', ['risks.list']);
  return (
    <FormDialog
      title={t('risk.title', { name: of.name })}
      action={t('risk.save')}
      schema={schema}
      base={{ values: { score: risk?.score ?? 0, reason: risk?.reason ?? '' } }}
      onSubmit={(body) => set.mutateAsync({ params: { id: of.id }, body })}
      done={done('saved', of.name)}
      onClose={props.onClose}
    >
      <NumberInput name="score" label={t('risk.score')} hint={t('risk.scoreHint')} />
      <TextInput name="reason" label={t('risk.reason')} maxLength={300} />
      <span>{t('risk.text')}</span>
    </FormDialog>
  );
}
