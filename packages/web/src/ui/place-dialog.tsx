import { type Place, place } from '@zeronaut/model';
import { useMessages } from '../base/messages.ts';
import { CoordinateInput } from './coordinate-input.tsx';
import { FormDialog } from './form-dialog.tsx';
import { TextInput } from './form-fields.tsx';
import { uiMessages } from './messages.ts';

/** Where something is, by the word of whoever runs it. */
export function PlaceDialog(props: {
  readonly name: string;
  readonly place: Place | null;
  /** What it is by now. */
  readonly reload: () => Promise<Place | null>;
  readonly onSave: (place: Place) => Promise<unknown>;
  readonly onClose: () => void;
}) {
  const t = useMessages(uiMessages);
  const baseOf = (known: Place | null) => ({
    values: known ?? { name: '', latitude: Number.NaN, longitude: Number.NaN },
  });
  return (
    <FormDialog
      title={t('place.title', { name: props.name })}
      action={t('place.save')}
      schema={place}
      base={baseOf(props.place)}
      reload={async () => baseOf(await props.reload())}
      onSubmit={props.onSave}
      onClose={props.onClose}
    >
      <TextInput name="name" label={t('place.name')} hint={t('place.nameHint')} maxLength={120} autoFocus />
      <CoordinateInput name="latitude" label={t('place.latitude')} hint={t('place.latitudeHint')} />
      <CoordinateInput name="longitude" label={t('place.longitude')} hint={t('place.longitudeHint')} />
    </FormDialog>
  );
}
