import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { User } from '@zeronaut/model';
import { useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { programOf } from '../../base/program-of.ts';
import { useMay, useMe } from '../../base/session.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Row, Rows } from '../../ui/rows.tsx';
import { Section } from '../../ui/section.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { Time } from '../../ui/time.tsx';
import { userMessages } from './messages.ts';

const SHOWN = 100;
type Taken = { readonly kind: 'session' | 'device' | 'key'; readonly id: string; readonly name: string };

/** Where a user is signed in, on which machines, and what programs hold in their name; each can be ended. */
export function UserAccess({ user }: { readonly user: User }) {
  const t = useMessages(userMessages);
  const me = useMe();
  const may = useMay();
  const [taking, setTaking] = useState<Taken | null>(null);
  const sessions = useQuery({
    ...routeQuery('sessions.list', { query: { userId: user.id, open: 'true', sort: '-created', limit: SHOWN } }),
    enabled: may('sessions:read'),
  });
  const devices = useQuery({
    ...routeQuery('devices.list', { query: { userId: user.id, sort: '-created', limit: SHOWN } }),
    enabled: may('devices:read'),
  });
  const keys = useQuery({
    ...routeQuery('apiKeys.list', { query: { userId: user.id, usable: 'true', sort: '-created', limit: SHOWN } }),
    enabled: may('api_keys:read'),
  });
  const endSession = useRouteMutation('sessions.delete', ['sessions.list', 'me.listSessions']);
  const removeDevice = useRouteMutation('devices.delete', ['devices.list', 'me.listDevices']);
  const approveDevice = useRouteMutation('devices.approve', ['devices.list', 'me.listDevices']);
  const revokeKey = useRouteMutation('apiKeys.delete', ['apiKeys.list']);
  const take = ({ kind, id }: Taken) => {
    const call = { params: { id } };
    if (kind === 'session') return endSession.mutateAsync(call);
    return kind === 'device' ? removeDevice.mutateAsync(call) : revokeKey.mutateAsync(call);
  };
  const button = (taken: Taken, isAllowed: boolean) =>
    isAllowed ? (
      <Button size="small" color="error" onClick={() => setTaking(taken)}>
        {t(`take.${taken.kind}`)}
      </Button>
    ) : undefined;
  return (
    <>
      {may('sessions:read') && user.kind === 'person' ? (
        <Section title={t('section.sessions')} flush>
          <Rows
            label={t('section.sessions')}
            query={sessions}
            itemsOf={({ items }) => items}
            none={t('sessions.none')}
            row={(session) => {
              const name = t(`session.${session.kind}`, {
                program: programOf(session.userAgent) ?? t('session.unknown'),
              });
              const isMine = session.id === me.sessionId;
              return (
                <Row
                  key={session.id}
                  title={name}
                  detail={
                    <>
                      {session.address} · {t('since')} <Time at={session.createdAt} />
                    </>
                  }
                  state={isMine ? <StatusChip meaning="ok">{t('session.this')}</StatusChip> : undefined}
                  action={button({ kind: 'session', id: session.id, name }, may('sessions:write') && !isMine)}
                />
              );
            }}
          />
        </Section>
      ) : null}
      {may('devices:read') ? (
        <Section title={t('section.devices')} flush>
          <Rows
            label={t('section.devices')}
            query={devices}
            itemsOf={({ items }) => items.filter(({ revokedAt }) => revokedAt === null)}
            none={t('devices.none')}
            row={(device) => (
              <Row
                key={device.id}
                title={device.name}
                detail={
                  <>
                    {t('since')} <Time at={device.createdAt} />
                  </>
                }
                state={
                  device.approvedAt !== null ? undefined : may('devices:write') ? (
                    <Button
                      size="small"
                      variant="contained"
                      onClick={() => approveDevice.mutate({ params: { id: device.id } })}
                    >
                      {t('device.approve')}
                    </Button>
                  ) : (
                    <StatusChip meaning="warn">{t('device.waits')}</StatusChip>
                  )
                }
                action={button({ kind: 'device', id: device.id, name: device.name }, may('devices:write'))}
              />
            )}
          />
        </Section>
      ) : null}
      {may('api_keys:read') ? (
        <Section title={t('section.keys')} flush>
          <Rows
            label={t('section.keys')}
            query={keys}
            itemsOf={({ items }) => items}
            none={t('keys.none')}
            row={(key) => (
              <Row
                key={key.id}
                title={key.name}
                detail={
                  <>
                    <code>{key.prefix}…</code> · {t('factors.lastUsed')} <Time at={key.lastUsedAt} />
                  </>
                }
                action={button({ kind: 'key', id: key.id, name: key.name }, may('api_keys:write'))}
              />
            )}
          />
        </Section>
      ) : null}
      <ConfirmDialog
        open={taking !== null}
        title={t(`take.${taking?.kind ?? 'session'}Title`, { name: taking?.name ?? '' })}
        action={t(`take.${taking?.kind ?? 'session'}`)}
        onConfirm={() => take(taking!)}
        onClose={() => setTaking(null)}
      >
        <Typography>{t(`take.${taking?.kind ?? 'session'}Text`)}</Typography>
      </ConfirmDialog>
    </>
  );
}
