import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { Factor } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { SecretDialog } from '../../ui/secret-dialog.tsx';
import { FactorsSection } from '../../ui/sign-in-sections.tsx';
import { myAccessMessages } from './messages.ts';
import { canMakePasskeys } from './passkey.ts';

const dialogs = () => import('./factor-dialogs.tsx');
const PasskeyDialog = lazy(async () => ({ default: (await dialogs()).PasskeyDialog }));
const PasswordDialog = lazy(async () => ({ default: (await dialogs()).PasswordDialog }));
const AppDialog = lazy(async () => ({ default: (await dialogs()).AppDialog }));
const FACTORS_CHANGED = ['factors.list'] as const;

/** What I sign in with: passkeys and an authenticator app come and go here. Each write asks for a fresh sign-in. */
export function MyFactors() {
  const t = useMessages(myAccessMessages);
  const mayChange = useMay()('self:write');
  const factors = useQuery(routeQuery('factors.list', {}));
  const remove = useRouteMutation('factors.delete', FACTORS_CHANGED);
  const renew = useRouteMutation('factors.renewRecoveryCodes', FACTORS_CHANGED);
  const [open, setOpen] = useState<'passkey' | 'app' | 'renew' | 'password' | null>(null);
  const [removing, setRemoving] = useState<Factor | null>(null);
  const [codes, setCodes] = useState<readonly string[]>([]);
  const items = factors.data?.items ?? [];
  const close = () => setOpen(null);
  /** Recovery codes come with an app, and with a first passkey. */
  function made(recoveryCodes: readonly string[]): void {
    close();
    setCodes(recoveryCodes);
  }
  return (
    <>
      <FactorsSection
        query={factors}
        none={t('factors.none')}
        actions={
          mayChange && factors.data !== undefined ? (
            <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1 }}>
              {canMakePasskeys() ? (
                <Button size="small" variant="outlined" onClick={() => setOpen('passkey')}>
                  {t('passkey.add')}
                </Button>
              ) : null}
              {factors.data.hasPassword ? (
                <Button size="small" variant="outlined" onClick={() => setOpen('password')}>
                  {t('password.change')}
                </Button>
              ) : null}
              {items.some(({ kind }) => kind === 'totp') ? null : (
                <Button size="small" variant="outlined" onClick={() => setOpen('app')}>
                  {t('app.add')}
                </Button>
              )}
            </Box>
          ) : null
        }
        actionOf={(factor) =>
          mayChange ? (
            <Button size="small" color="error" onClick={() => setRemoving(factor)}>
              {t('factor.remove')}
            </Button>
          ) : undefined
        }
      >
        {mayChange && items.length > 0 ? (
          <Box sx={{ px: { xs: 2, sm: 2.5 }, pb: 2 }}>
            <Button size="small" variant="outlined" onClick={() => setOpen('renew')}>
              {t('codes.renew')}
            </Button>
          </Box>
        ) : null}
      </FactorsSection>
      <Suspense>
        {open === 'passkey' ? <PasskeyDialog onMade={made} onClose={close} /> : null}
        {open === 'password' ? <PasswordDialog onClose={close} /> : null}
        {open === 'app' ? <AppDialog onMade={made} onClose={close} /> : null}
      </Suspense>
      <ConfirmDialog
        open={open === 'renew'}
        title={t('codes.renewTitle')}
        action={t('codes.renew')}
        onConfirm={async () => {
          const { recoveryCodes } = await renew.mutateAsync({});
          setCodes(recoveryCodes);
        }}
        onClose={close}
      >
        <Typography>{t('codes.renewText')}</Typography>
      </ConfirmDialog>
      <ConfirmDialog
        open={removing !== null}
        title={t('factor.removeTitle', { name: removing?.name ?? '' })}
        action={t('factor.remove')}
        onConfirm={() => remove.mutateAsync({ params: { id: removing!.id } })}
        onClose={() => setRemoving(null)}
      >
        <Typography>{t('factor.removeText')}</Typography>
        {items.length > 1 ? null : <Typography>{t('factor.removeLast')}</Typography>}
      </ConfirmDialog>
      {codes.length === 0 ? null : (
        <SecretDialog
          title={t('codes.title')}
          label={t('codes.title')}
          secret={codes.join('\n')}
          onClose={() => setCodes([])}
        >
          <Typography>{t('codes.text')}</Typography>
        </SecretDialog>
      )}
    </>
  );
}
