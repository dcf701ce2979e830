import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { PushSubscriptionView } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { call, queryClient, routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { programOf } from '../../base/program-of.ts';
import { pushObstacle, subscribeBrowser, unsubscribeBrowser } from '../../base/push.ts';
import { forgetPushWish, keepPushWish } from '../../base/push-wish.ts';
import { useMe } from '../../base/session.ts';
import { uiMessages } from '../../ui/messages.ts';
import { Row, Rows } from '../../ui/rows.tsx';
import { Section } from '../../ui/section.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { Time } from '../../ui/time.tsx';
import { myAccessMessages } from './messages.ts';

const PushKindsDialog = lazy(async () => ({ default: (await import('./push-kinds-dialog.tsx')).PushKindsDialog }));

/** Browsers of mine that are told of alarms and of what waits, each until its session ends. */
export function MyPush() {
  const t = useMessages(myAccessMessages);
  const ui = useMessages(uiMessages);
  const me = useMe();
  const { sessionId } = me;
  const [choosing, setChoosing] = useState<PushSubscriptionView | null>(null);
  const list = useQuery(routeQuery('push.list', {}));
  const test = useRouteMutation('push.test', ['push.list']);
  const stop = useRouteMutation('push.unsubscribe', ['push.list']);
  const start = useMutation({
    async mutationFn(publicKey: string) {
      const input = await subscribeBrowser(publicKey);
      if (input === null) return false;
      const { kinds } = await call('push.subscribe', { body: input });
      keepPushWish(me, kinds);
      return true;
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['push.list'] }),
  });
  async function end({ id, sessionId: of }: PushSubscriptionView): Promise<void> {
    await stop.mutateAsync({ params: { id } });
    if (of !== sessionId) return;
    forgetPushWish();
    await unsubscribeBrowser();
  }
  const obstacle = pushObstacle();
  const isOn = list.data?.items.some((one) => one.sessionId === sessionId) === true;
  const error = test.error ?? stop.error ?? list.error;
  return (
    <Section
      title={t('push')}
      flush
      actions={
        isOn || obstacle !== null || list.data === undefined ? undefined : (
          <Button
            size="small"
            variant="outlined"
            loading={start.isPending}
            onClick={() => start.mutate(list.data.publicKey)}
          >
            {t('push.start')}
          </Button>
        )
      }
    >
      <Box role="status" sx={{ px: { xs: 2, sm: 2.5 }, pt: 1, pb: 1 }}>
        <Typography variant="body2" color="textSecondary">
          {obstacle === null ? t('push.text') : t(`push.${obstacle}`)}
        </Typography>
        {start.data === false ? <StatusChip meaning="warn">{t('push.refused')}</StatusChip> : null}
        {start.error === null ? null : <StatusChip meaning="bad">{t('push.noService')}</StatusChip>}
        {test.data === undefined ? null : (
          <StatusChip meaning={test.data.delivered ? 'ok' : 'bad'}>
            {test.data.delivered ? t('push.tested') : t('push.notTaken', { error: test.data.error ?? '' })}
          </StatusChip>
        )}
      </Box>
      {error === null ? null : <ErrorState error={error} />}
      <Rows
        label={t('push')}
        query={list}
        itemsOf={({ items }) => items}
        none={t('push.none')}
        row={(one) => (
          <Row
            key={one.id}
            title={programOf(one.userAgent) ?? ui('session.unknown')}
            detail={
              <>
                {one.host} · {ui('added')} <Time at={one.createdAt} />
                {one.lastError === null ? null : ` · ${t('push.notTaken', { error: one.lastError })}`}
              </>
            }
            state={one.sessionId === sessionId ? <StatusChip meaning="ok">{ui('session.this')}</StatusChip> : undefined}
            action={
              <Box sx={{ display: 'flex', gap: 0.5 }}>
                {one.sessionId === sessionId ? (
                  <Button size="small" onClick={() => setChoosing(one)}>
                    {t('push.choose')}
                  </Button>
                ) : null}
                <Button size="small" onClick={() => test.mutate({ params: { id: one.id } })}>
                  {t('push.test')}
                </Button>
                <Button size="small" color="error" onClick={() => void end(one).catch(() => undefined)}>
                  {t('push.stop')}
                </Button>
              </Box>
            }
          />
        )}
      />
      {choosing === null ? null : (
        <Suspense>
          <PushKindsDialog of={choosing} onClose={() => setChoosing(null)} />
        </Suspense>
      )}
    </Section>
  );
}
