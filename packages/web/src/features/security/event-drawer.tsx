import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Drawer from '@mui/material/Drawer';
import IconButton from '@mui/material/IconButton';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { AccessEvent } from '@zeronaut/model';
import type { ReactNode } from 'react';
import { routeQuery } from '../../base/api.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { useReasonText } from '../../base/reason-texts.ts';
import { useMay } from '../../base/session.ts';
import { ButtonLink, TextLink } from '../../ui/button-link.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { Facts } from '../../ui/facts.tsx';
import { CloseIcon } from '../../ui/icons.tsx';
import { absoluteTime } from '../../ui/time.tsx';
import { AskedAgain } from './asked-again.tsx';
import { EffectChip } from './effect-chip.tsx';
import { isAskable, searchOf } from './event-question.ts';
import { securityMessages } from './messages.ts';

interface EventDrawerProps {
  readonly event: AccessEvent | null;
  readonly who: string;
  readonly onFilter: (change: Record<string, string | undefined>) => void;
  readonly onClose: () => void;
}

/** Everything that is known of one access, and why it was decided as it was. */
export function EventDrawer({ event, who, onFilter, onClose }: EventDrawerProps) {
  const t = useMessages(securityMessages);
  return (
    <Drawer
      anchor="right"
      open={event !== null}
      onClose={onClose}
      slotProps={{ paper: { sx: { width: { xs: 1, sm: 520 } }, 'aria-label': t('event.title'), role: 'dialog' } }}
    >
      {event === null ? null : (
        <Box sx={{ p: { xs: 2, sm: 3 }, display: 'grid', gap: 3, overflowWrap: 'anywhere' }}>
          <Box sx={{ display: 'flex', justifyContent: 'space-between', alignItems: 'flex-start', gap: 1 }}>
            <Typography variant="h4" component="h2">
              {t('event.title')}
            </Typography>
            <IconButton aria-label={t('event.close')} onClick={onClose}>
              <CloseIcon />
            </IconButton>
          </Box>
          <Content event={event} who={who} onFilter={onFilter} />
        </Box>
      )}
    </Drawer>
  );
}

function Content({
  event,
  who,
  onFilter,
}: Omit<EventDrawerProps, 'event' | 'onClose'> & { readonly event: AccessEvent }) {
  const t = useMessages(securityMessages);
  const language = useLanguage();
  const may = useMay();
  const resources = useQuery(routeQuery('resources.list', { query: { limit: 500 } }));
  const gateways = useQuery(routeQuery('gateways.list', { query: { limit: 500 } }));
  const policies = useQuery({
    ...routeQuery('policies.list', { query: { limit: 500 } }),
    enabled: may('policies:read') && event.explanation !== undefined,
  });
  const resource = resources.data?.items.find(({ id }) => id === event.resourceId);
  const gateway = gateways.data?.items.find(({ id }) => id === event.gatewayId);
  const { explanation } = event;
  const why = useReasonText()(event.reason);
  const policyLinks = (ids: readonly string[]) =>
    ids.map((id) => (
      <Box component="span" key={id} sx={{ display: 'block' }}>
        <TextLink to="/policies/$id" params={{ id }}>
          {policies.data?.items.find((one) => one.id === id)?.name ?? id}
        </TextLink>
      </Box>
    ));
  const number = new Intl.NumberFormat(language);
  // Before access, and on the gateway's own pages, no rule is asked.
  const hasRule = event.resourceId !== null && event.reason.startsWith('access.') && event.reason !== 'access.portal';
  return (
    <>
      <Part title={t('event.reason')}>
        <EffectChip effect={event.effect} />
        <Typography>{why.title}</Typography>
        {why.next === '' ? null : <Typography color="textSecondary">{t('event.told', { next: why.next })}</Typography>}
        <code>{event.reason}</code>
      </Part>
      <Part title={t('event.decision')}>
        {explanation === undefined ? (
          <Typography color="textSecondary">{t(hasRule ? 'event.noPolicy' : 'event.noRule')}</Typography>
        ) : (
          <Facts
            rows={[
              explanation.policies.length === 0 ? null : [t('event.policies'), policyLinks(explanation.policies)],
              explanation.advice === '' ? null : [t('event.advice'), explanation.advice],
              explanation.reported === null
                ? null
                : [
                    t('event.reported'),
                    <>
                      <EffectChip effect={explanation.reported.effect} />
                      {policyLinks(explanation.reported.policies)}
                    </>,
                  ],
              Object.keys(explanation.facts).length === 0
                ? null
                : [
                    t('event.facts'),
                    Object.entries(explanation.facts).map(([name, value]) => (
                      <Box component="span" key={name} sx={{ display: 'block' }}>
                        <code>{`${name} = ${value}`}</code>
                      </Box>
                    )),
                  ],
            ]}
          />
        )}
        <AskedAgain event={event} who={who} />
      </Part>
      <Part title={t('event.request')}>
        <Facts
          rows={[
            [t('column.at'), absoluteTime(event.at, language)],
            [t('column.request'), `${event.method} ${event.host}${event.path}`],
            [t('event.protocol'), event.protocol.toUpperCase()],
            event.status === 0 ? null : [t('event.status'), event.status],
            [t('column.who'), who],
            event.credentialId === '' ? null : [t('event.credential'), <code key="c">{event.credentialId}</code>],
            [t('column.address'), event.sourceAddress],
            event.country === undefined ? null : [t('event.country'), event.country],
            event.resourceId === null
              ? null
              : [
                  t('event.resource'),
                  resource === undefined ? (
                    <code key="r">{event.resourceId}</code>
                  ) : (
                    <TextLink key="r" to="/resources/$id" params={{ id: resource.id }}>
                      {resource.name}
                    </TextLink>
                  ),
                ],
            [
              t('event.gateway'),
              <TextLink key="g" to="/gateways/$id" params={{ id: event.gatewayId }}>
                {gateway?.name ?? event.gatewayId}
              </TextLink>,
            ],
            event.targetId === '' ? null : [t('event.target'), <code key="t">{event.targetId}</code>],
            [t('event.bytes'), `${number.format(event.bytesIn)} / ${number.format(event.bytesOut)}`],
            [t('event.duration'), t('event.milliseconds', { ms: Math.round(event.durationMs * 10) / 10 })],
            [t('event.snapshot'), event.snapshotVersion],
          ]}
        />
        <CopyText text={event.requestId} label={t('event.requestId')} />
      </Part>
      <Part title={t('event.only')}>
        <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1 }}>
          <Button size="small" variant="outlined" onClick={() => onFilter({ reason: event.reason })}>
            {t('event.onlyReason')}
          </Button>
          {event.subject === '' ? null : (
            <Button size="small" variant="outlined" onClick={() => onFilter({ subject: event.subject })}>
              {t('event.onlySubject')}
            </Button>
          )}
          <Button size="small" variant="outlined" onClick={() => onFilter({ address: event.sourceAddress })}>
            {t('event.onlyAddress')}
          </Button>
          {may('policies:read') && !isAskable(event) ? (
            <ButtonLink size="small" to="/policies/simulator" search={searchOf(event)}>
              {t('event.simulate')}
            </ButtonLink>
          ) : null}
        </Box>
      </Part>
    </>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Box component="section" aria-label={title} sx={{ display: 'grid', gap: 1, justifyItems: 'start' }}>
      <Typography variant="h3">{title}</Typography>
      {children}
    </Box>
  );
}
