import { type Place, place } from '@zeronaut/model';
import { useMessages } from '../base/messages.ts';
import { CoordinateInput } from './coordinate-input.tsx';
import { FormDialog } from './form-dialog.tsx';
import { TextInput } from './form-fields.tsx';
import { uiMessages } from './messages.ts';

/** A gateway, site or device. */
export interface Placed {
  readonly place: Place | null;
  readonly version: number;
}

/** Where something is, by the word of whoever runs it. */
export function PlaceDialog(props: {
  readonly name: string;
  readonly placed: Placed;
  /** What it is by now. */
  readonly reload: () => Promise<Placed>;
  readonly onSave: (place: Place, version: number) => Promise<unknown>;
  readonly onClose: () => void;
}) {
  const t = useMessages(uiMessages);
  const baseOf = ({ place: known, version }: Placed) => ({
    version,
    values: known ?? { name: '', latitude: Number.NaN, longitude: Number.NaN },
  });
  return (
    <FormDialog
      title={t('place.title', { name: props.name })}
      action={t('place.save')}
      schema={place}
      base={baseOf(props.placed)}
      reload={async () => baseOf(await props.reload())}
      onSubmit={(wanted, { version }) => props.onSave(wanted, version ?? props.placed.version)}
      onClose={props.onClose}
    >
      <TextInput name="name" label={t('place.name')} hint={t('place.nameHint')} maxLength={120} autoFocus />
      <CoordinateInput name="latitude" label={t('place.latitude')} hint={t('place.latitudeHint')} />
      <CoordinateInput name="longitude" label={t('place.longitude')} hint={t('place.longitudeHint')} />
    </FormDialog>
  );
}
