import Button from '@mui/material/Button';
import Link from '@mui/material/Link';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { Device, Session } from '@zeronaut/model';
import { useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { programOf } from '../../base/program-of.ts';
import { useMe } from '../../base/session.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { Row, Rows } from '../../ui/rows.tsx';
import { Section } from '../../ui/section.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Time } from '../../ui/time.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { myAccessMessages } from './messages.ts';

const ALL = { query: { limit: 200 } } as const;

/** How I sign in, where I am signed in, and the machines that are mine. */
export function MySignInPage() {
  const t = useMessages(myAccessMessages);
  const me = useMe();
  return (
    <>
      <PageHeader title={t('signIn.title')} subtitle={me.user?.email ?? me.role} />
      <SubNavigation of="mine" />
      <TwoColumns>
        <MyFactors />
        <MySessions />
        <MyDevices />
        <Addresses />
      </TwoColumns>
    </>
  );
}

/** Making a passkey or an app needs pages that ask for a fresh sign-in: they are the console's own, without a script of ours. */
function MyFactors() {
  const t = useMessages(myAccessMessages);
  const factors = useQuery(routeQuery('factors.list', {}));
  const left = factors.data?.recoveryCodesLeft ?? 0;
  return (
    <Section
      title={t('factors')}
      flush
      actions={
        <Button size="small" href="/account">
          {t('factors.change')}
        </Button>
      }
    >
      <Rows
        label={t('factors')}
        query={factors}
        itemsOf={({ items }) => items}
        none={t('factors.none')}
        row={(factor) => (
          <Row
            key={factor.id}
            title={factor.name}
            detail={
              <>
                {t(`factor.${factor.kind}`)}
                {factor.site === null ? '' : ` · ${factor.site}`} · {t('used')} <Time at={factor.lastUsedAt} />
              </>
            }
          />
        )}
      />
      {(factors.data?.items.length ?? 0) === 0 ? null : (
        <Typography variant="body2" color="textSecondary" sx={{ px: { xs: 2, sm: 2.5 }, pb: 2 }}>
          {t('factors.recovery', { count: left })}
        </Typography>
      )}
    </Section>
  );
}

function MySessions() {
  const t = useMessages(myAccessMessages);
  const me = useMe();
  const sessions = useQuery(routeQuery('me.listSessions', ALL));
  const end = useRouteMutation('me.deleteSession', ['me.listSessions', 'sessions.list']);
  const [ending, setEnding] = useState<Session | null>(null);
  return (
    <Section title={t('sessions')} flush>
      <Rows
        label={t('sessions')}
        query={sessions}
        itemsOf={({ items }) => items}
        none={t('sessions.none')}
        row={(session) => (
          <Row
            key={session.id}
            title={t(`session.${session.kind}`, { program: programOf(session.userAgent) ?? t('session.unknown') })}
            detail={
              <>
                {session.address} · {t('since')} <Time at={session.createdAt} /> · {t('until')}{' '}
                <Time at={session.expiresAt} />
              </>
            }
            state={session.id === me.sessionId ? <StatusChip meaning="ok">{t('session.this')}</StatusChip> : undefined}
            action={
              session.id === me.sessionId ? undefined : (
                <Button size="small" color="error" onClick={() => setEnding(session)}>
                  {t('session.end')}
                </Button>
              )
            }
          />
        )}
      />
      <ConfirmDialog
        open={ending !== null}
        title={t('session.endTitle')}
        action={t('session.end')}
        onConfirm={() => end.mutateAsync({ params: { id: ending!.id } })}
        onClose={() => setEnding(null)}
      >
        <Typography>{t('session.endText')}</Typography>
      </ConfirmDialog>
    </Section>
  );
}

function MyDevices() {
  const t = useMessages(myAccessMessages);
  const devices = useQuery(routeQuery('me.listDevices', ALL));
  const remove = useRouteMutation('me.deleteDevice', ['me.listDevices', 'devices.list', 'services.list']);
  const [removing, setRemoving] = useState<Device | null>(null);
  return (
    <Section title={t('devices')} flush>
      <Rows
        label={t('devices')}
        query={devices}
        itemsOf={({ items }) => items}
        none={t('devices.none')}
        row={(device) => (
          <Row
            key={device.id}
            title={device.name}
            detail={
              <>
                {device.posture === null
                  ? null
                  : `${device.posture.facts.os || device.posture.facts.platform} ${device.posture.facts.osVersion} · `}
                {t('since')} <Time at={device.createdAt} />
              </>
            }
            state={device.approvedAt === null ? <StatusChip meaning="warn">{t('device.waits')}</StatusChip> : undefined}
            action={
              <Button size="small" color="error" onClick={() => setRemoving(device)}>
                {t('device.remove')}
              </Button>
            }
          />
        )}
      />
      <ConfirmDialog
        open={removing !== null}
        title={t('device.removeTitle', { name: removing?.name ?? '' })}
        action={t('device.remove')}
        onConfirm={() => remove.mutateAsync({ params: { id: removing!.id } })}
        onClose={() => setRemoving(null)}
      >
        <Typography>{t('device.removeText')}</Typography>
      </ConfirmDialog>
    </Section>
  );
}

/** Gateways keep them, each its own; its portal shows and changes them. */
function Addresses() {
  const t = useMessages(myAccessMessages);
  const gateways = useQuery(routeQuery('gateways.list', { query: { limit: 100 } }));
  return (
    <Section title={t('addresses')} flush>
      <Typography variant="body2" color="textSecondary" sx={{ px: { xs: 2, sm: 2.5 }, pt: 0.5, pb: 1 }}>
        {t('addresses.text')}
      </Typography>
      <Rows
        label={t('addresses')}
        query={gateways}
        itemsOf={({ items }) => items.filter(({ status }) => status === 'active')}
        none={t('addresses.none')}
        row={({ id, name, baseDomain, httpsPort }) => {
          const host = `portal.${baseDomain}${httpsPort === 443 ? '' : `:${httpsPort}`}`;
          return (
            <Row
              key={id}
              title={
                <Link href={`https://${host}/`} target="_blank" rel="noreferrer">
                  {name}
                </Link>
              }
              detail={host}
            />
          );
        }}
      />
    </Section>
  );
}
