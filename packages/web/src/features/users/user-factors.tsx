import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { Factor, User } from '@zeronaut/model';
import { useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { FactorsSection } from '../../ui/sign-in-sections.tsx';
import { userMessages } from './messages.ts';

const OLD = ['users.listFactors', 'sessions.list'] as const;

/** Passkeys and apps of a user; whoever lost one gets it removed here. */
export function UserFactors({ user, mayChange }: { readonly user: User; readonly mayChange: boolean }) {
  const t = useMessages(userMessages);
  const factors = useQuery(routeQuery('users.listFactors', { params: { id: user.id } }));
  const removeOne = useRouteMutation('users.deleteFactor', OLD);
  const removeAll = useRouteMutation('users.resetFactors', OLD);
  const [removing, setRemoving] = useState<Factor | 'all' | null>(null);
  const hasSome = (factors.data?.items.length ?? 0) > 0;
  return (
    <FactorsSection
      query={factors}
      none={t('factors.none')}
      actions={
        mayChange && hasSome ? (
          <Button size="small" color="error" onClick={() => setRemoving('all')}>
            {t('factors.reset')}
          </Button>
        ) : undefined
      }
      actionOf={(factor) =>
        mayChange ? (
          <Button size="small" color="error" onClick={() => setRemoving(factor)}>
            {t('remove')}
          </Button>
        ) : undefined
      }
    >
      <ConfirmDialog
        open={removing !== null}
        title={
          removing === 'all'
            ? t('factors.resetTitle', { name: user.name })
            : t('factors.removeTitle', { name: removing?.name ?? '' })
        }
        action={removing === 'all' ? t('factors.reset') : t('remove')}
        onConfirm={() =>
          removing === 'all' || removing === null
            ? removeAll.mutateAsync({ params: { id: user.id } })
            : removeOne.mutateAsync({ params: { id: user.id, factorId: removing.id } })
        }
        onClose={() => setRemoving(null)}
      >
        <Typography>{t('factors.removeText')}</Typography>
      </ConfirmDialog>
    </FactorsSection>
  );
}
