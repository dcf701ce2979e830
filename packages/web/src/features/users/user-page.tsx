import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { User } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { tell } from '../../base/notices.ts';
import { useMay, useMe } from '../../base/session.ts';
import { useBegin } from '../../base/use-begin.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Leads } from '../../ui/leads.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { PendingThing } from '../../ui/pending-thing.tsx';
import { useRiskFact } from '../../ui/risk-fact.tsx';
import { Section } from '../../ui/section.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { Tag } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { useDone } from '../../ui/use-done.ts';
import { userMessages } from './messages.ts';
import { UserAccess } from './user-access.tsx';
import { UserEffects } from './user-effects.tsx';
import { UserFactors } from './user-factors.tsx';

const route = getRouteApi('/users/$id');
const EditUserDialog = lazy(async () => ({ default: (await import('./edit-user-dialogs.tsx')).EditUserDialog }));
const RemoveUserDialog = lazy(async () => ({ default: (await import('./remove-user-dialog.tsx')).RemoveUserDialog }));
const Activity = lazy(async () => ({ default: (await import('../../ui/activity.tsx')).Activity }));
const SetPasswordDialog = lazy(async () => ({ default: (await import('./edit-user-dialogs.tsx')).SetPasswordDialog }));

export function UserPage() {
  const t = useMessages(userMessages);
  const riskFact = useRiskFact();
  const me = useMe();
  const may = useMay();
  const { id } = route.useParams();
  const [open, setOpen] = useState<'edit' | 'password' | 'disable' | 'remove' | null>(null);
  useBegin({ disable: may('users:write') ? () => setOpen('disable') : null });
  const update = useRouteMutation('users.update', ['users.list', 'users.get'], ({ params, body: { status } }) => ({
    id: params.id,
    change: { status },
  }));
  const done = useDone();
  const { data: user, error, refetch } = useQuery(routeQuery('users.get', { params: { id } }));
  if (user === undefined) {
    return <PendingThing kind="user" label={t('title')} error={error} onRetry={() => void refetch()} />;
  }
  const close = () => setOpen(null);
  const setStatus = (status: User['status'], version: number) =>
    update.mutateAsync({ params: { id }, body: { status }, version });
  async function change(status: User['status'], before: User): Promise<void> {
    const { name, version } = await setStatus(status, before.version);
    const text = done(status === 'active' ? 'enabled' : 'disabled', name);
    tell(text, () => setStatus(before.status, version));
  }
  // An owner is changed by owners alone; the API refuses it all the same.
  const mayChange = may('users:write') && (user.role !== 'owner' || me.role === 'owner');
  const isMe = me.user?.id === user.id;
  return (
    <>
      <PageHeader
        title={user.name}
        subtitle={
          <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, alignItems: 'center' }}>
            <StatusChip meaning={user.status === 'active' ? 'ok' : 'neutral'}>{t(`status.${user.status}`)}</StatusChip>
            <Tag>{user.role}</Tag>
            <span>{user.email}</span>
          </Box>
        }
        actions={
          mayChange ? (
            <>
              <Button variant="outlined" onClick={() => setOpen('edit')}>
                {t('edit')}
              </Button>
              {user.kind === 'person' ? (
                <Button variant="outlined" onClick={() => setOpen('password')}>
                  {t('password.set')}
                </Button>
              ) : null}
              {isMe ? null : user.status === 'active' ? (
                <Button variant="outlined" color="error" onClick={() => setOpen('disable')}>
                  {t('disable')}
                </Button>
              ) : (
                <Button
                  variant="contained"
                  loading={update.isPending}
                  onClick={() => void change('active', user).catch(() => undefined)}
                >
                  {t('enable')}
                </Button>
              )}
              {isMe || user.kind === 'local' ? null : (
                <Button variant="outlined" color="error" onClick={() => setOpen('remove')}>
                  {t('remove')}
                </Button>
              )}
            </>
          ) : null
        }
      />
      {update.error === null || open !== null ? null : <ErrorState error={update.error} />}
      <TwoColumns>
        <Section title={t('section.about')}>
          <Facts
            rows={[
              [t('field.email'), user.email],
              [t('column.role'), user.role],
              [
                t('column.groups'),
                user.groups.length === 0 ? (
                  t('groups.none')
                ) : (
                  <Box key="groups" sx={{ display: 'flex', flexWrap: 'wrap', gap: 1 }}>
                    {user.groups.map((group) => (
                      <TextLink key={group} to="/users" search={{ group }}>
                        {group}
                      </TextLink>
                    ))}
                  </Box>
                ),
              ],
              riskFact(user),
              user.kind === 'person' ? null : [t('field.kind'), t(`kind.${user.kind}`)],
              [t('column.created'), <Time key="created" at={user.createdAt} />],
              [t('field.id'), <code key="id">{user.id}</code>],
            ]}
          />
        </Section>
        {user.kind === 'person' ? <UserFactors user={user} mayChange={mayChange} /> : null}
        <UserAccess user={user} />
        <Leads id={user.id} accesses={{ subject: user.id }} />
      </TwoColumns>
      {may('events:read') ? (
        <Suspense fallback={<RowsSkeleton rows={5} label={t('title')} />}>
          <Activity id={user.id} />
        </Suspense>
      ) : null}
      <Suspense>
        {open === 'edit' ? <EditUserDialog user={user} onClose={close} /> : null}
        {open === 'remove' ? <RemoveUserDialog user={user} onClose={close} /> : null}
        {open === 'password' ? <SetPasswordDialog user={user} onClose={close} /> : null}
      </Suspense>
      <ConfirmDialog
        open={open === 'disable'}
        title={t('disable.title', { name: user.name })}
        action={t('disable')}
        onConfirm={() => change('disabled', user)}
        onClose={close}
      >
        <Typography>{t('disable.text')}</Typography>
        {open === 'disable' ? <UserEffects id={user.id} of="disabling" /> : null}
      </ConfirmDialog>
    </>
  );
}
