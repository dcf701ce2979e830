import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import type { IdentityProvider } from '@zeronaut/model';
import { useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { Section } from '../../ui/section.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { identityProviderMessages } from './messages.ts';

const OLD = ['identityProviders.list', 'identityProviders.get'] as const;

/** Domains of mail addresses that a provider vouches for, proved by a TXT record or by the word of an owner. */
export function ProviderDomains(props: { readonly provider: IdentityProvider; readonly mayChange: boolean }) {
  const { provider, mayChange } = props;
  const t = useMessages(identityProviderMessages);
  const add = useRouteMutation('identityProviders.addDomain', OLD);
  const verify = useRouteMutation('identityProviders.verifyDomain', OLD);
  const remove = useRouteMutation('identityProviders.removeDomain', OLD);
  const [domain, setDomain] = useState('');
  const [removing, setRemoving] = useState<string | null>(null);
  const params = { id: provider.id };
  const begin = (proof: 'dns' | 'owner') =>
    add.mutate({ params, body: { domain: domain.trim().toLowerCase(), proof } }, { onSuccess: () => setDomain('') });
  const error = add.error ?? verify.error;
  return (
    <Section title={t('section.domains')}>
      <Box sx={{ display: 'grid', gap: 2 }}>
        <Typography variant="body2" color="textSecondary">
          {t('domains.text')}
        </Typography>
        {provider.domains.map((one) => (
          <Box key={one.domain} sx={{ display: 'grid', gap: 1 }}>
            <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', columnGap: 2 }}>
              <Box sx={{ flex: 1, fontWeight: 600, overflowWrap: 'anywhere' }}>{one.domain}</Box>
              <StatusChip meaning={one.verifiedAt === null ? 'warn' : 'ok'}>
                {one.verifiedAt === null ? t('domain.waits') : t(`domain.${one.proof}`)}
              </StatusChip>
              {mayChange && one.verifiedAt === null ? (
                <Button
                  size="small"
                  loading={verify.isPending && verify.variables.params.domain === one.domain}
                  onClick={() => verify.mutate({ params: { ...params, domain: one.domain } })}
                >
                  {t('domain.verify')}
                </Button>
              ) : null}
              {mayChange ? (
                <Button size="small" color="error" onClick={() => setRemoving(one.domain)}>
                  {t('remove')}
                </Button>
              ) : null}
            </Box>
            {one.record === null || one.verifiedAt !== null ? null : (
              <CopyText text={`${one.record.name}. IN TXT "${one.record.value}"`} label={t('domain.record')} />
            )}
          </Box>
        ))}
        {mayChange ? (
          <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'flex-start' }}>
            <TextField
              label={t('domain.name')}
              value={domain}
              onChange={({ target }) => setDomain(target.value)}
              sx={{ flex: '1 1 180px', width: 'auto' }}
              slotProps={{ htmlInput: { maxLength: 253, spellCheck: false } }}
            />
            <Button variant="outlined" disabled={domain.trim() === ''} onClick={() => begin('dns')}>
              {t('domain.addDns')}
            </Button>
            <Button disabled={domain.trim() === ''} onClick={() => begin('owner')}>
              {t('domain.addOwner')}
            </Button>
          </Box>
        ) : null}
        {error === null ? null : <ErrorState error={error} />}
      </Box>
      <ConfirmDialog
        open={removing !== null}
        title={t('domain.removeTitle', { domain: removing ?? '' })}
        action={t('remove')}
        onConfirm={() => remove.mutateAsync({ params: { ...params, domain: removing! } })}
        onClose={() => setRemoving(null)}
      >
        <Typography>{t('domain.removeText')}</Typography>
      </ConfirmDialog>
    </Section>
  );
}
