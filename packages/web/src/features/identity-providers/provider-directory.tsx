import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { type ApiKey, type IdentityProvider, scimAccountName, scimScope } from '@zeronaut/model';
import { useState } from 'react';
import { call, routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { Facts } from '../../ui/facts.tsx';
import { LifeStateChip, lifeStateOf } from '../../ui/life-state.tsx';
import { Row, Rows } from '../../ui/rows.tsx';
import { SecretDialog } from '../../ui/secret-dialog.tsx';
import { Section } from '../../ui/section.tsx';
import { Tags } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { useNow } from '../../ui/use-now.ts';
import { identityProviderMessages } from './messages.ts';

/** The directory of a company pushes people and groups: what has come, and the tokens that it may use. */
export function ProviderDirectory({ provider }: { readonly provider: IdentityProvider }) {
  const t = useMessages(identityProviderMessages);
  const may = useMay();
  const nowMs = useNow();
  const mayMake = may('api_keys:write') && may('service_accounts:write') && may('scim:write');
  const directory = useQuery(routeQuery('identityProviders.directory', { params: { id: provider.id } }));
  const keys = useQuery({
    ...routeQuery('apiKeys.list', { query: { limit: 500, usable: 'true' } }),
    enabled: may('api_keys:read'),
  });
  const revoke = useRouteMutation('apiKeys.delete', ['apiKeys.list']);
  const [dialog, setDialog] = useState<'make' | { readonly made: string } | { readonly revoke: ApiKey } | null>(null);
  const create = useRouteMutation('apiKeys.create', ['apiKeys.list', 'serviceAccounts.list']);
  const scope = scimScope(provider.id);

  async function make(): Promise<void> {
    const name = scimAccountName(provider.name);
    const { items } = await call('serviceAccounts.list', { query: { q: name, limit: 500 } });
    const account =
      items.find((one) => one.name === name) ??
      (await call('serviceAccounts.create', { body: { name, role: 'admin', groups: [] } }));
    const { key } = await create.mutateAsync({
      body: {
        name: `SCIM of ${provider.name}`,
        role: 'admin',
        scopes: [scope],
        serviceAccountId: account.id,
        expiresInSeconds: 31_536_000,
      },
    });
    setDialog({ made: key });
  }

  return (
    <Section
      title={t('section.directory')}
      flush
      actions={
        mayMake ? (
          <Button size="small" variant="outlined" onClick={() => setDialog('make')}>
            {t('scim.make')}
          </Button>
        ) : undefined
      }
    >
      <Box sx={{ px: { xs: 2, sm: 2.5 }, pt: 1, pb: 2 }}>
        {directory.data === undefined || directory.data.changedAt === null ? (
          <Typography color="textSecondary">{t('scim.nothing')}</Typography>
        ) : (
          <Facts
            rows={[
              [
                t('scim.people'),
                t('scim.peopleOf', { users: directory.data.users, active: directory.data.activeUsers }),
              ],
              [t('scim.changed'), <Time key="changed" at={directory.data.changedAt} />],
            ]}
          />
        )}
      </Box>
      {directory.data === undefined || directory.data.groups.length === 0 ? null : (
        <Rows
          label={t('scim.groups')}
          query={directory}
          itemsOf={({ groups }) => groups}
          find={{
            name: 'groups',
            textOf: ({ displayName, group, role }) => [displayName, group, role].join(' '),
            orders: [
              { key: 'name', value: ({ displayName }) => displayName },
              { key: 'most', value: ({ members }) => -members },
            ],
          }}
          row={({ id, displayName, members, group, role }) => (
            <Row
              key={id}
              title={displayName}
              detail={t('scim.members', { count: members })}
              state={
                group === null && role === null ? (
                  t('scim.gives')
                ) : (
                  <Tags
                    of={[group, role === null ? null : t('mapping.role', { role })].filter((one) => one !== null)}
                  />
                )
              }
            />
          )}
          none={t('scim.nothing')}
        />
      )}
      {may('api_keys:read') ? (
        <Rows
          label={t('scim.tokens')}
          query={keys}
          itemsOf={({ items }) => items.filter(({ scopes }) => scopes?.includes(scope) === true)}
          row={(key) => (
            <Row
              key={key.id}
              title={<code>{key.prefix}…</code>}
              detail={
                <>
                  {t('scim.used')} <Time at={key.lastUsedAt} /> · {t('scim.ends')} <Time at={key.expiresAt} />
                </>
              }
              state={<LifeStateChip state={lifeStateOf(key, nowMs)} />}
              action={
                may('api_keys:write') ? (
                  <Button size="small" color="error" onClick={() => setDialog({ revoke: key })}>
                    {t('scim.revoke')}
                  </Button>
                ) : undefined
              }
            />
          )}
          none={t('scim.noToken')}
        />
      ) : null}
      <ConfirmDialog
        open={dialog === 'make'}
        title={t('scim.makeTitle', { name: provider.displayName })}
        action={t('scim.make')}
        harmless
        onConfirm={make}
        // What was made takes its place.
        onClose={() => setDialog((now) => (now === 'make' ? null : now))}
      >
        <Typography>{t('scim.makeText')}</Typography>
      </ConfirmDialog>
      {typeof dialog === 'object' && dialog !== null && 'made' in dialog ? (
        <SecretDialog
          title={t('scim.madeTitle')}
          label={t('scim.token')}
          secret={dialog.made}
          onClose={() => setDialog(null)}
        >
          <Typography variant="body2">{t('scim.url')}</Typography>
          <CopyText text={provider.addresses.scim} label={t('scim.url')} />
        </SecretDialog>
      ) : null}
      <ConfirmDialog
        open={typeof dialog === 'object' && dialog !== null && 'revoke' in dialog}
        title={t('scim.revokeTitle')}
        action={t('scim.revoke')}
        onConfirm={async () => {
          if (typeof dialog === 'object' && dialog !== null && 'revoke' in dialog)
            await revoke.mutateAsync({ params: { id: dialog.revoke.id } });
        }}
        onClose={() => setDialog(null)}
      >
        <Typography>{t('scim.revokeText')}</Typography>
      </ConfirmDialog>
    </Section>
  );
}
