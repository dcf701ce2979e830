import Typography from '@mui/material/Typography';
import { type RouteResponse, type Routes, routes } from '@zeronaut/model';
import { useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useGroups, useRoles } from '../../base/people.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListInput, SelectInput, SwitchInput, TextInput } from '../../ui/form-fields.tsx';
import { SecretDialog } from '../../ui/secret-dialog.tsx';
import { invitationMessages } from './messages.ts';

const DAY_SECONDS = 86_400;
const LIVES = [1, 7, 30] as const;

/** The link is shown once it is made; the console mails it too where it can. */
export function InviteDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(invitationMessages);
  const create = useRouteMutation('invitations.create', ['invitations.list']);
  const roles = useRoles();
  const groups = useGroups();
  const [made, setMade] = useState<RouteResponse<Routes['invitations.create']> | null>(null);
  if (made !== null) {
    return (
      <SecretDialog
        title={t('made.title', { email: made.invitation.email })}
        label={t('made.link')}
        secret={made.url}
        onClose={onClose}
      >
        <Typography>{t(`mail.${made.mail}`, { email: made.invitation.email })}</Typography>
      </SecretDialog>
    );
  }
  return (
    <FormDialog
      title={t('invite.title')}
      action={t('invite')}
      schema={routes['invitations.create'].body}
      base={{
        values: {
          email: '',
          role: 'member',
          groups: [],
          expiresInSeconds: 7 * DAY_SECONDS,
          mail: true,
          replace: false,
        },
      }}
      onSubmit={async (body) => setMade(await create.mutateAsync({ body }))}
      onClose={onClose}
      keepOpen
    >
      <TextInput name="email" label={t('column.email')} type="email" autoFocus />
      <SelectInput name="role" label={t('column.role')} options={roles.map((value) => ({ value, label: value }))} />
      <ListInput name="groups" label={t('column.groups')} options={groups} hint={t('groups.hint')} />
      <SelectInput
        name="expiresInSeconds"
        label={t('field.life')}
        options={LIVES.map((count) => ({ value: count * DAY_SECONDS, label: t('days', { count }) }))}
      />
      <SwitchInput name="mail" label={t('field.mail')} hint={t('field.mailHint')} />
      <SwitchInput name="replace" label={t('field.replace')} hint={t('field.replaceHint')} />
    </FormDialog>
  );
}
