import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { type OwnOrganization, routes } from '@zeronaut/model';
import { call, routeQuery, useRouteMutation } from '../../base/api.ts';
import { LANGUAGE_NAMES, LANGUAGES, useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { Facts } from '../../ui/facts.tsx';
import { Form } from '../../ui/form.tsx';
import { NumberInput, SelectInput, TextInput } from '../../ui/form-fields.tsx';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';
import { settingsMessages } from './messages.ts';
import { SaveActions } from './save-actions.tsx';
import { SettingPage } from './setting-page.tsx';

const schema = routes['organizations.update'].body.required();

const MINUTE = 60;

function baseOf({ name, timeZone, language, snapshotMaxAgeSeconds, version }: OwnOrganization) {
  return { values: { name, timeZone, language, snapshotMaxAgeSeconds }, version };
}

export function OrganizationPage() {
  const t = useMessages(settingsMessages);
  const query = useQuery(routeQuery('organizations.getCurrent', {}));
  return (
    <SettingPage title={t('organization.title')} subtitle={t('organization.subtitle')} query={query}>
      {(organization) => (
        <Box sx={{ display: 'grid', gap: 2, maxWidth: 720 }}>
          <Section>
            <OrganizationForm organization={organization} />
          </Section>
          <Section title={t('about')}>
            <Facts
              rows={[
                [t('slug'), <code key="slug">{organization.slug}</code>],
                [t('created'), <Time key="created" at={organization.createdAt} />],
                [t('id'), <code key="id">{organization.id}</code>],
              ]}
            />
          </Section>
        </Box>
      )}
    </SettingPage>
  );
}

function OrganizationForm({ organization }: { readonly organization: OwnOrganization }) {
  const t = useMessages(settingsMessages);
  const mayChange = useMay()('organization:write');
  const update = useRouteMutation('organizations.update', ['organizations.getCurrent', 'me.get']);
  const zones = [...new Set(['UTC', organization.timeZone, ...Intl.supportedValuesOf('timeZone')])].sort();
  return (
    <Form
      schema={schema}
      base={baseOf(organization)}
      reload={async () => baseOf(await call('organizations.getCurrent', {}))}
      done={t('saved')}
      onSubmit={(body, { version }) => update.mutateAsync({ body, version: version ?? organization.version })}
      stays
      actions={(state) => <SaveActions {...state} mayChange={mayChange} />}
    >
      <TextInput name="name" label={t('name')} hint={t('name.hint')} disabled={!mayChange} maxLength={120} />
      <SelectInput
        name="timeZone"
        label={t('zone')}
        hint={t('zone.hint')}
        disabled={!mayChange}
        options={zones.map((value) => ({ value, label: value }))}
      />
      <SelectInput
        name="language"
        label={t('language')}
        hint={t('language.hint')}
        disabled={!mayChange}
        options={LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value] }))}
      />
      <NumberInput
        name="snapshotMaxAgeSeconds"
        label={t('snapshotMaxAge')}
        hint={t('snapshotMaxAge.hint')}
        factor={MINUTE}
        unit={t('unit.minutes')}
        nullable
        disabled={!mayChange}
      />
      <Typography variant="body2" color="textSecondary">
        {t('snapshotMaxAge.text')}
      </Typography>
    </Form>
  );
}
