import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import { useNavigate } from '@tanstack/react-router';
import { type IdentityProvider, type IdentityProviderInput, type IdentityProviderKind, routes } from '@zeronaut/model';
import { call, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useRoles } from '../../base/people.ts';
import type { Base } from '../../ui/form.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { SelectInput, SwitchInput, TextInput } from '../../ui/form-fields.tsx';
import { identityProviderMessages } from './messages.ts';
import { baseOf } from './provider-base.ts';
import { freshSettings, SettingsFields } from './settings-fields.tsx';

const OLD = ['identityProviders.list', 'identityProviders.get'] as const;
const KINDS = ['oidc', 'saml', 'ldap', 'github'] as const satisfies readonly IdentityProviderKind[];

interface ProviderDialogProps {
  /** Null: a new one. */
  readonly provider: IdentityProvider | null;
  readonly kind: IdentityProviderKind;
  /** Another kind of a new one was chosen. */
  readonly onKind?: (kind: IdentityProviderKind) => void;
  readonly onClose: () => void;
}

type Input = Base<IdentityProviderInput>;

function freshBase(kind: IdentityProviderKind): Input {
  return {
    values: {
      name: '',
      displayName: '',
      enabled: true,
      position: 100,
      settings: freshSettings(kind),
      createUsers: false,
      defaultRole: 'member',
      groupMappings: [],
    },
  };
}

export function ProviderDialog({ provider, kind, onKind, onClose }: ProviderDialogProps) {
  const t = useMessages(identityProviderMessages);
  const create = useRouteMutation('identityProviders.create', OLD);
  const update = useRouteMutation('identityProviders.update', OLD);
  const navigate = useNavigate();
  const roles = useRoles();
  return (
    <FormDialog
      title={provider === null ? t('create') : t('edit.title', { name: provider.displayName })}
      action={provider === null ? t('create') : t('save')}
      schema={routes['identityProviders.create'].body}
      base={provider === null ? freshBase(kind) : baseOf(provider)}
      {...(provider === null
        ? {}
        : { reload: async () => baseOf(await call('identityProviders.get', { params: { id: provider.id } })) })}
      onSubmit={async (body, { version }) => {
        if (provider === null) {
          const { id } = await create.mutateAsync({ body });
          await navigate({ to: '/settings/identity-providers/$id', params: { id } });
        } else {
          await update.mutateAsync({ params: { id: provider.id }, body, version: version ?? provider.version });
        }
      }}
      onClose={onClose}
      keepOpen={provider === null}
    >
      {provider === null ? (
        <TextField
          select
          label={t('column.kind')}
          value={kind}
          onChange={({ target }) => onKind?.(target.value as IdentityProviderKind)}
        >
          {KINDS.map((one) => (
            <MenuItem key={one} value={one}>
              {t(`kind.${one}`)}
            </MenuItem>
          ))}
        </TextField>
      ) : null}
      <TextInput name="displayName" label={t('field.displayName')} hint={t('displayName.hint')} />
      <TextInput name="name" label={t('field.name')} hint={t('name.hint')} />
      <SettingsFields kind={kind} hasSecret={provider?.hasSecret ?? false} />
      <SwitchInput name="createUsers" label={t('field.createUsers')} hint={t('createUsers.hint')} />
      <SelectInput
        name="defaultRole"
        label={t('field.defaultRole')}
        options={roles.map((value) => ({ value, label: value }))}
      />
      <SwitchInput name="enabled" label={t('field.enabled')} />
    </FormDialog>
  );
}
