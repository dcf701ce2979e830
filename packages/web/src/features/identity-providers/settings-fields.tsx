import { type IdentityProviderKind, type IdentityProviderSettings, identityProviderSettings } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { ListInput, SelectInput, SwitchInput, TextInput } from '../../ui/form-fields.tsx';
import { identityProviderMessages } from './messages.ts';

/** What a new one of a kind begins with: the defaults of the schema, and empty where something has to be said. */
export function freshSettings(kind: IdentityProviderKind): IdentityProviderSettings {
  const said = {
    oidc: { kind, issuer: 'https://example.invalid', clientId: '-' },
    github: { kind, clientId: '-', organizations: ['-'] },
    saml: { kind },
    ldap: { kind, url: 'ldaps://example.invalid', baseDn: '-' },
  }[kind];
  const settings = identityProviderSettings.parse(said);
  if (settings.kind === 'oidc') return { ...settings, issuer: '', clientId: '' };
  if (settings.kind === 'github') return { ...settings, clientId: '', organizations: [] };
  return settings.kind === 'ldap' ? { ...settings, url: '', baseDn: '' } : settings;
}

/** The fields that a kind has; what is not here keeps its value. */
export function SettingsFields({
  kind,
  hasSecret,
}: {
  readonly kind: IdentityProviderKind;
  readonly hasSecret: boolean;
}) {
  const t = useMessages(identityProviderMessages);
  const secret = (label: string) => (
    <TextInput
      name="secret"
      label={label}
      type="password"
      autoComplete="new-password"
      {...(hasSecret ? { hint: t('secret.kept') } : {})}
      optional
    />
  );
  switch (kind) {
    case 'oidc':
      return (
        <>
          <TextInput name="settings.issuer" label={t('field.issuer')} type="url" hint={t('issuer.hint')} />
          <TextInput name="settings.clientId" label={t('field.clientId')} />
          {secret(t('field.clientSecret'))}
          <ListInput
            name="settings.scopes"
            label={t('field.scopes')}
            options={['openid', 'email', 'profile', 'groups']}
          />
          <TextInput name="settings.claims.groups" label={t('field.groupsClaim')} hint={t('groupsClaim.hint')} />
          <SelectInput
            name="settings.emailVerification"
            label={t('field.verification')}
            options={(['claim', 'trusted'] as const).map((value) => ({ value, label: t(`verification.${value}`) }))}
          />
        </>
      );
    case 'github':
      return (
        <>
          <TextInput name="settings.clientId" label={t('field.clientId')} />
          {secret(t('field.clientSecret'))}
          <ListInput
            name="settings.organizations"
            label={t('field.organizations')}
            hint={t('organizations.hint')}
            options={[]}
          />
        </>
      );
    case 'saml':
      return (
        <>
          <TextInput
            name="settings.metadataUrl"
            label={t('field.metadataUrl')}
            type="url"
            hint={t('metadataUrl.hint')}
            nullable
          />
          <TextInput name="settings.metadata" label={t('field.metadata')} rows={4} hint={t('metadata.hint')} nullable />
          <TextInput name="settings.attributes.email" label={t('field.emailAttribute')} />
          <TextInput name="settings.attributes.groups" label={t('field.groupsAttribute')} />
          <SwitchInput name="settings.wantResponseSigned" label={t('field.signed')} />
        </>
      );
    case 'ldap':
      return (
        <>
          <TextInput name="settings.url" label={t('field.url')} hint={t('url.hint')} />
          <SwitchInput name="settings.startTls" label={t('field.startTls')} />
          <TextInput name="settings.bindDn" label={t('field.bindDn')} hint={t('bindDn.hint')} nullable />
          {secret(t('field.bindPassword'))}
          <TextInput name="settings.baseDn" label={t('field.baseDn')} />
          <TextInput name="settings.userFilter" label={t('field.userFilter')} hint={t('userFilter.hint')} />
          <TextInput name="settings.attributes.id" label={t('field.idAttribute')} hint={t('idAttribute.hint')} />
          <SelectInput
            name="settings.groups"
            label={t('field.groups')}
            options={(['member_of', 'matching_rule', 'member', 'none'] as const).map((value) => ({
              value,
              label: t(`groups.${value}`),
            }))}
          />
          <TextInput name="settings.groupBaseDn" label={t('field.groupBaseDn')} nullable />
          <TextInput
            name="settings.certificateAuthority"
            label={t('field.authority')}
            rows={3}
            hint={t('authority.hint')}
            nullable
          />
        </>
      );
  }
}
