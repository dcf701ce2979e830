import Button from '@mui/material/Button';
import Link from '@mui/material/Link';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { Consent } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMe } from '../../base/session.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { Row, Rows } from '../../ui/rows.tsx';
import { Section } from '../../ui/section.tsx';
import { DevicesSection, SessionsSection } from '../../ui/sign-in-sections.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Time } from '../../ui/time.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { myAccessMessages } from './messages.ts';
import { MyFactors } from './my-factors.tsx';

const MyPush = lazy(async () => ({ default: (await import('./my-push.tsx')).MyPush }));
const ALL = { query: { limit: 200 } } as const;

/** How I sign in, where I am signed in, and the machines that are mine. */
export function MySignInPage() {
  const t = useMessages(myAccessMessages);
  const me = useMe();
  return (
    <>
      <SubNavigation of="mine" />
      <PageHeader title={t('signIn.title')} subtitle={me.user?.email ?? me.role} />
      <TwoColumns>
        <MyFactors />
        <MySessions />
        <MyDevices />
        <MyConsents />
        <Addresses />
        <Suspense>
          <MyPush />
        </Suspense>
      </TwoColumns>
    </>
  );
}

function MySessions() {
  const t = useMessages(myAccessMessages);
  const end = useRouteMutation('me.deleteSession', ['me.listSessions', 'sessions.list']);
  return (
    <SessionsSection
      query={useQuery(routeQuery('me.listSessions', ALL))}
      none={t('sessions.none')}
      onEnd={({ id }) => end.mutateAsync({ params: { id } })}
    />
  );
}

function MyDevices() {
  const t = useMessages(myAccessMessages);
  const revoke = useRouteMutation('me.deleteDevice', [
    'me.listDevices',
    'devices.list',
    'services.list',
    // Those of its command line end with it.
    'me.listSessions',
    'sessions.list',
  ]);
  return (
    <DevicesSection
      query={useQuery(routeQuery('me.listDevices', ALL))}
      none={t('devices.none')}
      onRevoke={({ id }) => revoke.mutateAsync({ params: { id } })}
    />
  );
}

function MyConsents() {
  const t = useMessages(myAccessMessages);
  const consents = useQuery(routeQuery('me.listConsents', {}));
  const withdraw = useRouteMutation('me.deleteConsent', ['me.listConsents']);
  const [taking, setTaking] = useState<Consent | null>(null);
  return (
    <Section title={t('consents')} flush>
      <Rows
        label={t('consents')}
        query={consents}
        itemsOf={({ items }) => items}
        none={t('consents.none')}
        row={(consent) => (
          <Row
            key={consent.relyingPartyId}
            title={consent.name}
            detail={
              <>
                {consent.scopes.join(', ')} · {t('consent.given')} <Time at={consent.givenAt} />
              </>
            }
            action={
              <Button size="small" color="error" onClick={() => setTaking(consent)}>
                {t('consent.withdraw')}
              </Button>
            }
          />
        )}
      />
      <ConfirmDialog
        open={taking !== null}
        title={t('consent.withdrawTitle', { name: taking?.name ?? '' })}
        action={t('consent.withdraw')}
        onConfirm={() => withdraw.mutateAsync({ params: { id: taking!.relyingPartyId } })}
        onClose={() => setTaking(null)}
      >
        <Typography>{t('consent.withdrawText')}</Typography>
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
