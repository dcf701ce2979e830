import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { routes, type SignInPolicy } from '@zeronaut/model';
import { call, routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { Form } from '../../ui/form.tsx';
import { ListInput, NumberInput, SelectInput, SwitchInput, TextInput } from '../../ui/form-fields.tsx';
import { Section } from '../../ui/section.tsx';
import { settingsMessages } from './messages.ts';
import { SaveActions } from './save-actions.tsx';
import { SettingPage } from './setting-page.tsx';

const MINUTE = 60;
const HOUR = 3_600;
/** How long sessions of each kind last. */
const LIVES = ['consoleSession', 'consoleIdle', 'portalSession', 'cliSession', 'cliIdle'] as const;

function baseOf({ version, ...values }: SignInPolicy) {
  return { values, version };
}

export function SignInPolicyPage() {
  const t = useMessages(settingsMessages);
  const query = useQuery(routeQuery('signInPolicy.get', {}));
  return (
    <SettingPage title={t('signIn.title')} subtitle={t('signIn.subtitle')} query={query}>
      {(policy) => <PolicyForm policy={policy} />}
    </SettingPage>
  );
}

function PolicyForm({ policy }: { readonly policy: SignInPolicy }) {
  const t = useMessages(settingsMessages);
  const mayChange = useMay()('organization:write');
  const update = useRouteMutation('signInPolicy.update', ['signInPolicy.get']);
  const disabled = !mayChange;
  return (
    <Box sx={{ maxWidth: 720 }}>
      <Form
        schema={routes['signInPolicy.update'].body}
        base={baseOf(policy)}
        reload={async () => baseOf(await call('signInPolicy.get', {}))}
        done={t('saved')}
        onSubmit={(body, { version }) => update.mutateAsync({ body, version: version ?? policy.version })}
        stays
        actions={(state) => <SaveActions {...state} mayChange={mayChange} />}
      >
        <Section title={t('factors.title')}>
          <Box sx={{ display: 'grid', gap: 2, pt: 1 }}>
            <SelectInput
              name="secondFactor"
              label={t('secondFactor')}
              disabled={disabled}
              options={(['if_enrolled', 'required'] as const).map((value) => ({
                value,
                label: t(`secondFactor.${value}`),
              }))}
            />
            <SwitchInput
              name="trustProviders"
              label={t('trustProviders')}
              hint={t('trustProviders.hint')}
              disabled={disabled}
            />
            <NumberInput
              name="providerMaxAgeSeconds"
              label={t('providerMaxAge')}
              hint={t('providerMaxAge.hint')}
              factor={MINUTE}
              unit={t('unit.minutes')}
              nullable
              disabled={disabled}
            />
            <SwitchInput name="magicLinks" label={t('magicLinks')} hint={t('magicLinks.hint')} disabled={disabled} />
            <NumberInput
              name="factorMaxAgeSeconds"
              label={t('factorMaxAge')}
              hint={t('factorMaxAge.hint')}
              factor={MINUTE}
              unit={t('unit.minutes')}
              disabled={disabled}
            />
          </Box>
        </Section>
        <Section title={t('passkeys.title')}>
          <Box sx={{ display: 'grid', gap: 2, pt: 1 }}>
            <SelectInput
              name="passkeyAttestation"
              label={t('passkeyAttestation')}
              hint={t('passkeyAttestation.hint')}
              disabled={disabled}
              options={(['none', 'verified'] as const).map((value) => ({
                value,
                label: t(`passkeyAttestation.${value}`),
              }))}
            />
            <TextInput
              name="passkeyRoots"
              label={t('passkeyRoots')}
              hint={t('passkeyRoots.hint')}
              rows={4}
              disabled={disabled}
            />
            <ListInput
              name="passkeyModels"
              label={t('passkeyModels')}
              hint={t('passkeyModels.hint')}
              options={[]}
              disabled={disabled}
            />
          </Box>
        </Section>
        <Section title={t('lives.title')}>
          <Box sx={{ display: 'grid', gap: 2, pt: 1 }}>
            {LIVES.map((name) => (
              <NumberInput
                key={name}
                name={`${name}Seconds`}
                label={t(name)}
                hint={t(`${name}.hint`)}
                factor={HOUR}
                unit={t('unit.hours')}
                disabled={disabled}
              />
            ))}
          </Box>
        </Section>
        <Typography variant="body2" color="textSecondary">
          {t('signIn.when')}
        </Typography>
      </Form>
    </Box>
  );
}
