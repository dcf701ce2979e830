import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { User } from '@zeronaut/model';
import { useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { AddressesSection } from '../../ui/addresses-section.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Row, Rows } from '../../ui/rows.tsx';
import { Section } from '../../ui/section.tsx';
import { DevicesSection, SessionsSection } from '../../ui/sign-in-sections.tsx';
import { Time } from '../../ui/time.tsx';
import { userMessages } from './messages.ts';

const SHOWN = 100;

/** Where a user is signed in, on which machines, and what programs hold in their name; each can be ended. */
export function UserAccess({ user }: { readonly user: User }) {
  const may = useMay();
  return (
    <>
      {may('sessions:read') && user.kind === 'person' ? <UserSessions user={user} /> : null}
      {may('sessions:read') && user.kind === 'person' ? <UserAddresses user={user} /> : null}
      {may('devices:read') ? <UserDevices user={user} /> : null}
      {may('api_keys:read') ? <UserKeys user={user} /> : null}
    </>
  );
}

function UserSessions({ user }: { readonly user: User }) {
  const t = useMessages(userMessages);
  const may = useMay();
  const end = useRouteMutation('sessions.delete', ['sessions.list', 'me.listSessions']);
  const query = { userId: user.id, open: 'true', sort: '-created', limit: SHOWN } as const;
  return (
    <SessionsSection
      query={useQuery(routeQuery('sessions.list', { query }))}
      none={t('sessions.none')}
      onEnd={may('sessions:write') ? ({ id }) => end.mutateAsync({ params: { id } }) : undefined}
    />
  );
}

function UserAddresses({ user }: { readonly user: User }) {
  const t = useMessages(userMessages);
  const may = useMay();
  const end = useRouteMutation('addresses.delete', ['addresses.list', 'me.listAddresses']);
  const query = { userId: user.id, open: 'true', sort: '-created', limit: SHOWN } as const;
  return (
    <AddressesSection
      query={useQuery(routeQuery('addresses.list', { query }))}
      none={t('addresses.none')}
      onEnd={may('sessions:write') ? ({ id }) => end.mutateAsync({ params: { id } }) : undefined}
    />
  );
}

function UserDevices({ user }: { readonly user: User }) {
  const t = useMessages(userMessages);
  const may = useMay();
  const revoke = useRouteMutation('devices.delete', [
    'devices.list',
    'me.listDevices',
    'sessions.list',
    'me.listSessions',
  ]);
  const approve = useRouteMutation('devices.approve', ['devices.list', 'me.listDevices']);
  const query = { userId: user.id, sort: '-created', limit: SHOWN } as const;
  const mayWrite = may('devices:write');
  return (
    <DevicesSection
      query={useQuery(routeQuery('devices.list', { query }))}
      none={t('devices.none')}
      onRevoke={mayWrite ? ({ id }) => revoke.mutateAsync({ params: { id } }) : undefined}
      onApprove={mayWrite ? ({ id }) => approve.mutate({ params: { id } }) : undefined}
    />
  );
}

function UserKeys({ user }: { readonly user: User }) {
  const t = useMessages(userMessages);
  const may = useMay();
  const query = { userId: user.id, usable: 'true', sort: '-created', limit: SHOWN } as const;
  const keys = useQuery(routeQuery('apiKeys.list', { query }));
  const revoke = useRouteMutation('apiKeys.delete', ['apiKeys.list']);
  const [revoking, setRevoking] = useState<{ readonly id: string; readonly name: string } | null>(null);
  return (
    <Section title={t('keys')} flush>
      <Rows
        label={t('keys')}
        query={keys}
        itemsOf={({ items }) => items}
        none={t('keys.none')}
        find={{ name: 'keys', textOf: ({ name, prefix }) => `${name} ${prefix}` }}
        row={(key) => (
          <Row
            key={key.id}
            title={key.name}
            detail={
              <>
                <code>{key.prefix}…</code> · {t('keys.lastUsed')} <Time at={key.lastUsedAt} />
              </>
            }
            action={
              may('api_keys:write') ? (
                <Button size="small" color="error" onClick={() => setRevoking(key)}>
                  {t('key.revoke')}
                </Button>
              ) : undefined
            }
          />
        )}
      />
      <ConfirmDialog
        open={revoking !== null}
        title={t('key.revokeTitle', { name: revoking?.name ?? '' })}
        action={t('key.revoke')}
        onConfirm={() => revoke.mutateAsync({ params: { id: revoking!.id } })}
        onClose={() => setRevoking(null)}
      >
        <Typography>{t('key.revokeText')}</Typography>
      </ConfirmDialog>
    </Section>
  );
}
