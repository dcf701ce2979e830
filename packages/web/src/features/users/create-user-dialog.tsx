import { useNavigate } from '@tanstack/react-router';
import { routes } from '@zeronaut/model';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useGroups, useRoles } from '../../base/people.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListInput, SelectInput, TextInput } from '../../ui/form-fields.tsx';
import { userMessages } from './messages.ts';

const schema = routes['users.create'].body;

/** For people who cannot be mailed: they get a password from whoever creates them. */
export function CreateUserDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(userMessages);
  const create = useRouteMutation('users.create', ['users.list']);
  const navigate = useNavigate();
  const roles = useRoles();
  const groups = useGroups();
  return (
    <FormDialog
      title={t('create.title')}
      action={t('create')}
      schema={schema}
      base={{ values: { name: '', email: '', password: '', role: 'member', groups: [] } }}
      onSubmit={async (body) => {
        const { id } = await create.mutateAsync({ body });
        await navigate({ to: '/users/$id', params: { id } });
      }}
      onClose={onClose}
      keepOpen
    >
      <TextInput name="name" label={t('field.name')} autoFocus />
      <TextInput name="email" label={t('field.email')} type="email" />
      <TextInput
        name="password"
        label={t('field.password')}
        type="password"
        autoComplete="new-password"
        hint={t('password.hint')}
      />
      <SelectInput name="role" label={t('column.role')} options={roles.map((value) => ({ value, label: value }))} />
      <ListInput name="groups" label={t('column.groups')} options={groups} hint={t('groups.hint')} />
    </FormDialog>
  );
}
