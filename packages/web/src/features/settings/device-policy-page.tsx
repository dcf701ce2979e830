import Box from '@mui/material/Box';
import { useQuery } from '@tanstack/react-query';
import { type DevicePolicy, routes } from '@zeronaut/model';
import { call, routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { Form } from '../../ui/form.tsx';
import { ListInput, SelectInput } from '../../ui/form-fields.tsx';
import { Section } from '../../ui/section.tsx';
import { settingsMessages } from './messages.ts';
import { SaveActions } from './save-actions.tsx';
import { SettingPage } from './setting-page.tsx';

function baseOf({ version, ...values }: DevicePolicy) {
  return { values, version };
}

export function DevicePolicyPage() {
  const t = useMessages(settingsMessages);
  const query = useQuery(routeQuery('devicePolicy.get', {}));
  return (
    <SettingPage title={t('devices.title')} subtitle={t('devices.subtitle')} query={query}>
      {(policy) => <PolicyForm policy={policy} />}
    </SettingPage>
  );
}

function PolicyForm({ policy }: { readonly policy: DevicePolicy }) {
  const t = useMessages(settingsMessages);
  const mayChange = useMay()('organization:write');
  const update = useRouteMutation('devicePolicy.update', ['devicePolicy.get']);
  return (
    <Box sx={{ maxWidth: 720 }}>
      <Section>
        <Form
          schema={routes['devicePolicy.update'].body}
          base={baseOf(policy)}
          reload={async () => baseOf(await call('devicePolicy.get', {}))}
          done={t('saved')}
          onSubmit={(body, { version }) => update.mutateAsync({ body, version: version ?? policy.version })}
          stays
          actions={(state) => <SaveActions {...state} mayChange={mayChange} />}
        >
          <SelectInput
            name="approval"
            label={t('approval')}
            hint={t('approval.hint')}
            disabled={!mayChange}
            options={(['automatic', 'by_person'] as const).map((value) => ({ value, label: t(`approval.${value}`) }))}
          />
          <ListInput
            name="processes"
            label={t('processes')}
            hint={t('processes.hint')}
            options={[]}
            disabled={!mayChange}
          />
          <ListInput name="files" label={t('files')} hint={t('files.hint')} options={[]} disabled={!mayChange} />
        </Form>
      </Section>
    </Box>
  );
}
