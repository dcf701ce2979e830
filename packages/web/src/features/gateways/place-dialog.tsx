import { type Gateway, place } from '@zeronaut/model';
import { call, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { TextInput } from '../../ui/form-fields.tsx';
import { CoordinateInput } from './coordinate-input.tsx';
import { gatewayMessages } from './messages.ts';

/** Where a gateway is, by the word of whoever runs it. */
export function PlaceDialog({ gateway, onClose }: { readonly gateway: Gateway; readonly onClose: () => void }) {
  const t = useMessages(gatewayMessages);
  const set = useRouteMutation('gateways.setPlace', ['gateways.list', 'gateways.get']);
  return (
    <FormDialog
      title={t('place.title', { name: gateway.name })}
      action={t('place.save')}
      schema={place}
      base={{ values: gateway.place ?? { name: '', latitude: Number.NaN, longitude: Number.NaN } }}
      reload={async () => {
        const { place: now } = await call('gateways.get', { params: { id: gateway.id } });
        return { values: now ?? { name: '', latitude: Number.NaN, longitude: Number.NaN } };
      }}
      onSubmit={(body) => set.mutateAsync({ params: { id: gateway.id }, body: { place: body } })}
      onClose={onClose}
    >
      <TextInput name="name" label={t('place.name')} hint={t('place.nameHint')} maxLength={120} autoFocus />
      <CoordinateInput name="latitude" label={t('place.latitude')} hint={t('place.latitudeHint')} />
      <CoordinateInput name="longitude" label={t('place.longitude')} hint={t('place.longitudeHint')} />
    </FormDialog>
  );
}
