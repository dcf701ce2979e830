import { type Risk, routes } from '@zeronaut/model';
import { useRouteMutation } from '../base/api.ts';
import { findInList } from '../base/find-in-list.ts';
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

const { body } = routes['risks.set'];
/** Null: until it is set again. */
const schema = body.extend({ expiresInSeconds: body.shape.expiresInSeconds.unwrap().nullable() });
const HOUR_SECONDS = 3_600;

/** What is left, in whole hours. */
function leftSeconds(risk: Risk | null): number | null {
  if (risk === null || risk.expiresAt === null) return null;
  const hours = Math.ceil((Date.parse(risk.expiresAt) - Date.now()) / 1000 / HOUR_SECONDS);
  return Math.max(1, hours) * HOUR_SECONDS;
}

function baseOf(risk: Risk | null) {
  return {
    values: { score: risk?.score ?? 0, reason: risk?.reason ?? '', expiresInSeconds: leftSeconds(risk) },
    // There is none yet.
    version: risk?.version ?? 0,
  };
}

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
      base={baseOf(risk)}
      reload={async () => baseOf(await findInList('risks.list', ({ id }) => id === of.id))}
      onSubmit={({ expiresInSeconds, ...wanted }, { version }) =>
        set.mutateAsync({
          params: { id: of.id },
          body: { ...wanted, ...(expiresInSeconds === null ? {} : { expiresInSeconds }) },
          version: version ?? 0,
        })
      }
      done={done('saved', of.name)}
      onClose={props.onClose}
    >
      <NumberInput name="score" label={t('risk.score')} hint={t('risk.scoreHint')} />
      <TextInput name="reason" label={t('risk.reason')} maxLength={300} />
      <NumberInput
        name="expiresInSeconds"
        label={t('risk.for')}
        hint={t('risk.forHint')}
        factor={HOUR_SECONDS}
        unit={t('risk.hours')}
        nullable
      />
      <span>{t('risk.text')}</span>
    </FormDialog>
  );
}
