import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import type { IdentityProvider } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { Facts } from '../../ui/facts.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { PendingThing } from '../../ui/pending-thing.tsx';
import { RemovalEffects } from '../../ui/removal-effects.tsx';
import { Section } from '../../ui/section.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { Tag } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { identityProviderMessages } from './messages.ts';
import { ProviderDirectory } from './provider-directory.tsx';
import { ProviderDomains } from './provider-domains.tsx';
import { ProviderMappings } from './provider-mappings.tsx';

const route = getRouteApi('/settings/identity-providers/$id');
const ProviderDialog = lazy(async () => ({ default: (await import('./provider-dialog.tsx')).ProviderDialog }));

export function IdentityProviderPage() {
  const t = useMessages(identityProviderMessages);
  const mayChange = useMay()('identity_providers:write');
  const navigate = useNavigate();
  const { id } = route.useParams();
  const [open, setOpen] = useState<'edit' | 'remove' | null>(null);
  const remove = useRouteMutation('identityProviders.delete', ['identityProviders.list', 'identityProviders.get']);
  const { data: provider, error, refetch } = useQuery(routeQuery('identityProviders.get', { params: { id } }));
  if (provider === undefined) {
    return <PendingThing kind="identityProvider" label={t('title')} error={error} onRetry={() => void refetch()} />;
  }
  return (
    <>
      <PageHeader
        title={provider.displayName}
        subtitle={
          <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, alignItems: 'center' }}>
            <StatusChip meaning={provider.enabled ? 'ok' : 'neutral'}>
              {t(provider.enabled ? 'status.on' : 'status.off')}
            </StatusChip>
            <Tag>{t(`kind.${provider.kind}`)}</Tag>
          </Box>
        }
        actions={
          mayChange ? (
            <>
              <Button variant="outlined" onClick={() => setOpen('edit')}>
                {t('edit')}
              </Button>
              <Button variant="outlined" color="error" onClick={() => setOpen('remove')}>
                {t('remove')}
              </Button>
            </>
          ) : null
        }
      />
      <TwoColumns>
        <About provider={provider} />
        <Section title={t('section.addresses')}>
          <Box sx={{ display: 'grid', gap: 1.5 }}>
            <Typography variant="body2" color="textSecondary">
              {t('addresses.text')}
            </Typography>
            {(['callback', 'samlEntityId', 'samlMetadata', 'backChannelLogout', 'scim'] as const).map((which) => {
              const address = provider.addresses[which];
              return address === null ? null : (
                <Box key={which}>
                  <Typography variant="body2" gutterBottom>
                    {t(`address.${which}`)}
                  </Typography>
                  <CopyText text={address} label={t(`address.${which}`)} />
                </Box>
              );
            })}
          </Box>
        </Section>
        <Check provider={provider} mayChange={mayChange} />
        <ProviderDomains provider={provider} mayChange={mayChange} />
        <ProviderMappings provider={provider} mayChange={mayChange} />
        <ProviderDirectory provider={provider} />
      </TwoColumns>
      {open === 'edit' ? (
        <Suspense>
          <ProviderDialog provider={provider} kind={provider.kind} onClose={() => setOpen(null)} />
        </Suspense>
      ) : null}
      <ConfirmDialog
        open={open === 'remove'}
        title={t('remove.title', { name: provider.displayName })}
        action={t('remove')}
        typeName={provider.name}
        onConfirm={async () => {
          await remove.mutateAsync({ params: { id } });
          await navigate({ to: '/settings/identity-providers' });
        }}
        onClose={() => setOpen(null)}
      >
        <Typography>{t('remove.text')}</Typography>
        {open === 'remove' ? <RemovalEffects of="identityProviders" id={id} /> : null}
      </ConfirmDialog>
    </>
  );
}

function About({ provider }: { readonly provider: IdentityProvider }) {
  const t = useMessages(identityProviderMessages);
  const { settings } = provider;
  return (
    <Section title={t('section.about')}>
      <Facts
        rows={[
          [t('field.name'), provider.name],
          settings.kind === 'oidc' ? [t('field.issuer'), settings.issuer] : null,
          settings.kind === 'oidc' || settings.kind === 'github' ? [t('field.clientId'), settings.clientId] : null,
          settings.kind === 'github' ? [t('field.organizations'), settings.organizations.join(', ')] : null,
          settings.kind === 'saml' && settings.metadataUrl !== null
            ? [t('field.metadataUrl'), settings.metadataUrl]
            : null,
          settings.kind === 'ldap' ? [t('field.url'), settings.url] : null,
          settings.kind === 'ldap' ? [t('field.baseDn'), settings.baseDn] : null,
          settings.kind === 'saml' ? null : [t('field.secret'), t(provider.hasSecret ? 'secret.there' : 'secret.none')],
          [t('field.createUsers'), t(provider.createUsers ? 'yes' : 'no')],
          [t('field.defaultRole'), provider.defaultRole],
          [t('created'), <Time key="created" at={provider.createdAt} />],
          [t('id'), <code key="id">{provider.id}</code>],
        ]}
      />
    </Section>
  );
}

/** What can be tried without a person: addresses, certificates, keys. */
function Check({ provider, mayChange }: { readonly provider: IdentityProvider; readonly mayChange: boolean }) {
  const t = useMessages(identityProviderMessages);
  const test = useRouteMutation('identityProviders.test', []);
  return (
    <Section
      title={t('section.test')}
      actions={
        mayChange ? (
          <Button
            size="small"
            variant="outlined"
            loading={test.isPending}
            onClick={() => test.mutate({ params: { id: provider.id } })}
          >
            {t('test')}
          </Button>
        ) : undefined
      }
    >
      <Box role="status" sx={{ display: 'grid', gap: 1.5 }}>
        {test.data === undefined ? (
          <Typography color="textSecondary">{t('test.text')}</Typography>
        ) : (
          test.data.checks.map(({ check, ok, reason, detail }) => (
            <div key={check}>
              <StatusChip meaning={ok ? 'ok' : 'bad'}>{check}</StatusChip>
              <Typography variant="body2" color="textSecondary" sx={{ overflowWrap: 'anywhere' }}>
                {detail} {reason === null ? null : <code>{reason}</code>}
              </Typography>
            </div>
          ))
        )}
      </Box>
      {test.error === null ? null : <ErrorState error={test.error} />}
    </Section>
  );
}
