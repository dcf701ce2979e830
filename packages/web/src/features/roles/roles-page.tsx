import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import type { RoleDefinition } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { tell } from '../../base/notices.ts';
import { useMay } from '../../base/session.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { PlusIcon } from '../../ui/icons.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { Row, Rows } from '../../ui/rows.tsx';
import { Section } from '../../ui/section.tsx';
import { PendingCard } from '../../ui/states.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { useDone } from '../../ui/use-done.ts';
import { roleMessages } from './messages.ts';
import { RoleHolders } from './role-holders.tsx';
import { RoleMatrix } from './role-matrix.tsx';

const route = getRouteApi('/users/roles');
const RoleDialog = lazy(async () => ({ default: (await import('./role-dialog.tsx')).RoleDialog }));

export function RolesPage() {
  const t = useMessages(roleMessages);
  const mayChange = useMay()('roles:write');
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const roles = useQuery(routeQuery('roles.list', {}));
  const remove = useRouteMutation('roles.delete', ['roles.list']);
  const create = useRouteMutation('roles.create', ['roles.list']);
  const done = useDone();
  async function removeRole({ name, description, permissions }: RoleDefinition): Promise<void> {
    await remove.mutateAsync({ params: { name } });
    tell(done('removed', name), () => create.mutateAsync({ body: { name, description, permissions } }));
  }
  const [editing, setEditing] = useState<RoleDefinition | null>(null);
  const [removing, setRemoving] = useState<RoleDefinition | null>(null);
  return (
    <>
      <SubNavigation of="people" />
      <PageHeader
        title={t('title')}
        subtitle={t('subtitle')}
        actions={
          mayChange ? (
            <Button variant="contained" startIcon={<PlusIcon />} onClick={() => setSearch({ create: '1' })}>
              {t('create')}
            </Button>
          ) : null
        }
      />
      {roles.data === undefined ? (
        <PendingCard label={t('title')} error={roles.error} onRetry={() => void roles.refetch()} />
      ) : (
        <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'minmax(0, 1fr)' }}>
          <Section title={t('own')} flush>
            <Rows
              label={t('own')}
              query={roles}
              itemsOf={({ items }) => items.filter(({ builtIn }) => !builtIn)}
              none={t('own.none')}
              find={{
                textOf: ({ name, description, permissions }) => [name, description, ...permissions].join(' '),
                orders: [
                  { key: 'name', value: ({ name }) => name },
                  { key: 'most', value: ({ permissions }) => -permissions.length },
                ],
              }}
              row={(role) => (
                <Row
                  key={role.name}
                  title={role.name}
                  detail={role.description === '' ? undefined : role.description}
                  state={
                    <Typography variant="body2" color="textSecondary">
                      {t('permissions', { count: role.permissions.length })}
                    </Typography>
                  }
                  action={
                    mayChange ? (
                      <Box sx={{ display: 'flex', gap: 0.5 }}>
                        <Button size="small" onClick={() => setEditing(role)}>
                          {t('edit')}
                        </Button>
                        <Button size="small" color="error" onClick={() => setRemoving(role)}>
                          {t('remove')}
                        </Button>
                      </Box>
                    ) : undefined
                  }
                />
              )}
            />
          </Section>
          <Section title={t('matrix')} flush>
            <RoleMatrix roles={roles.data.items} />
          </Section>
        </Box>
      )}
      <Suspense>
        {search.create === undefined || !mayChange ? null : (
          <RoleDialog definition={null} onClose={() => setSearch({ create: undefined })} />
        )}
        {editing === null ? null : <RoleDialog definition={editing} onClose={() => setEditing(null)} />}
      </Suspense>
      <ConfirmDialog
        open={removing !== null}
        title={t('remove.title', { name: removing?.name ?? '' })}
        action={t('remove')}
        onConfirm={() => removeRole(removing!)}
        onClose={() => setRemoving(null)}
      >
        {removing === null ? null : <RoleHolders name={removing.name} />}
      </ConfirmDialog>
    </>
  );
}
