import Button from '@mui/material/Button';
import Link from '@mui/material/Link';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { Consent } from '@zeronaut/model';
import { Fragment, lazy, Suspense, useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMe } from '../../base/session.ts';
import { AddressesSection } from '../../ui/addresses-section.tsx';
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
const ADDRESSES = ['me.listAddresses', 'addresses.list'] as const;
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
        <MyAddresses />
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
        find={{ name: 'consents', textOf: ({ name, scopes }) => [name, ...scopes].join(' ') }}
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

/** They are made at the portals of gateways, and seen and ended here. */
function MyAddresses() {
  const t = useMessages(myAccessMessages);
  const gateways = useQuery(routeQuery('gateways.list', { query: { limit: 100 } }));
  const end = useRouteMutation('me.deleteAddress', ADDRESSES);
  const endAll = useRouteMutation('me.deleteAddresses', ADDRESSES);
  const portals = gateways.data?.items.filter(({ status }) => status === 'active') ?? [];
  return (
    <AddressesSection
      query={useQuery(routeQuery('me.listAddresses', ALL))}
      none={t('addresses.none')}
      onEnd={({ id }) => end.mutateAsync({ params: { id } })}
      onEndAll={() => endAll.mutateAsync({})}
      before={
        <Typography variant="body2" color="textSecondary" sx={{ px: { xs: 2, sm: 2.5 }, pt: 0.5, pb: 1 }}>
          {t('addresses.text')}
        </Typography>
      }
    >
      {portals.length === 0 ? null : (
        <Typography variant="body2" component="div" sx={{ px: { xs: 2, sm: 2.5 }, pb: 2 }}>
          {t('addresses.portals')}{' '}
          {portals.map(({ id, name, baseDomain, httpsPort }, index) => (
            <Fragment key={id}>
              {index === 0 ? null : ', '}
              <Link
                href={`https://portal.${baseDomain}${httpsPort === 443 ? '' : `:${httpsPort}`}/`}
                target="_blank"
                rel="noreferrer"
              >
                {name}
              </Link>
            </Fragment>
          ))}
        </Typography>
      )}
    </AddressesSection>
  );
}
