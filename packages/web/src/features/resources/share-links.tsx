import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { Resource, Share } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import { useMay } from '../../base/session.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Row, Rows } from '../../ui/rows.tsx';
import { SecretDialog } from '../../ui/secret-dialog.tsx';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';
import { useNow } from '../../ui/use-now.ts';
import { resourceMessages } from './messages.ts';

const ShareDialog = lazy(async () => ({ default: (await import('./share-dialog.tsx')).ShareDialog }));

/** Links by which guests come in without an account, until they expire. */
export function ShareLinks({ resource }: { readonly resource: Resource }) {
  const t = useMessages(resourceMessages);
  const mayWrite = useMay()('resources:write');
  const nowMs = useNow();
  const nameOf = useNameOf();
  const shares = useQuery(routeQuery('shares.list', { params: { id: resource.id }, query: { limit: 200 } }));
  const revoke = useRouteMutation('shares.delete', ['shares.list']);
  const [isCreating, setCreating] = useState(false);
  const [made, setMade] = useState<readonly string[]>([]);
  const [revoking, setRevoking] = useState<Share | null>(null);
  const isOpen = ({ revokedAt, expiresAt }: Share) => revokedAt === null && Date.parse(expiresAt) > nowMs;
  return (
    <Section
      title={t('section.shares')}
      flush
      actions={
        mayWrite ? (
          <Button size="small" variant="outlined" onClick={() => setCreating(true)}>
            {t('share.create')}
          </Button>
        ) : null
      }
    >
      <Rows
        label={t('section.shares')}
        query={shares}
        itemsOf={({ items }) => items.filter(isOpen)}
        none={t('share.none')}
        find={{ name: 'shares', textOf: ({ createdBy }) => nameOf(createdBy) }}
        row={(share) => (
          <Row
            key={share.id}
            title={
              <>
                {t('share.ends')} <Time at={share.expiresAt} />
              </>
            }
            detail={
              <>
                {nameOf(share.createdBy)} · <Time at={share.createdAt} />
              </>
            }
            action={
              mayWrite ? (
                <Button size="small" color="error" onClick={() => setRevoking(share)}>
                  {t('share.revoke')}
                </Button>
              ) : undefined
            }
          />
        )}
      />
      {isCreating ? (
        <Suspense>
          <ShareDialog resource={resource} onMade={setMade} onClose={() => setCreating(false)} />
        </Suspense>
      ) : null}
      {made.length === 0 ? null : (
        <SecretDialog
          title={t('share.made')}
          label={t('share.link', { name: resource.name })}
          secret={made.join('\n')}
          onClose={() => setMade([])}
        >
          <Typography>{t('share.madeText')}</Typography>
        </SecretDialog>
      )}
      <ConfirmDialog
        open={revoking !== null}
        title={t('share.revokeTitle')}
        action={t('share.revoke')}
        onConfirm={() => revoke.mutateAsync({ params: { id: revoking!.id } })}
        onClose={() => setRevoking(null)}
      >
        <Typography>{t('share.revokeText')}</Typography>
      </ConfirmDialog>
    </Section>
  );
}
