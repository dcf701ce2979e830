import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { AccessAnswer, AccessEvent } from '@zeronaut/model';
import { useEffect } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { type Translate, useMessages } from '../../base/messages.ts';
import { useReasonText } from '../../base/reason-texts.ts';
import { useMay } from '../../base/session.ts';
import { ButtonLink } from '../../ui/button-link.tsx';
import { EffectChip } from './effect-chip.tsx';
import { bodyOf, isAskable, searchOf } from './event-question.ts';
import type { messages } from './messages.en.ts';
import { securityMessages } from './messages.ts';

/** Those that say who would be let in; for all others there is the simulator. */
const CHANGES = ['group', 'role', 'granted'] as const;
const isChange = (fact: string): fact is (typeof CHANGES)[number] => (CHANGES as readonly string[]).includes(fact);

/** What the same access would get now: whom the rule wants, whether they are it, and what would change it. */
export function AskedAgain({ event, who }: { readonly event: AccessEvent; readonly who: string }) {
  const t = useMessages(securityMessages);
  const may = useMay();
  const reasonText = useReasonText();
  const isAsked = isAskable(event) && may('policies:read');
  const { mutate, data } = useRouteMutation('policies.simulate', []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each access
  useEffect(() => {
    if (isAsked) mutate({ body: bodyOf(event) });
  }, [isAsked, event.requestId]);
  const user = useQuery({
    ...routeQuery('users.get', { params: { id: event.subject } }),
    enabled: isAsked && may('users:read'),
  });
  if (!isAsked) return null;
  const simulator = (
    <ButtonLink size="small" to="/policies/simulator" search={searchOf(event)}>
      {t('event.simulate')}
    </ButtonLink>
  );
  // A person or resource that is gone cannot be asked about: the simulator says why.
  if (data === undefined) return simulator;
  const changes = data.wouldChange.flatMap(({ fact, value, effect, also }) =>
    also.length === 0 && isChange(fact) && effect === 'pass' ? [t(`again.change.${fact}`, { value })] : [],
  );
  return (
    <Box role="status" sx={{ display: 'grid', gap: 1, justifyItems: 'start' }}>
      <Typography component="div">
        {t('again.now')} <EffectChip effect={data.effect} /> {reasonText(data.reason).title}
      </Typography>
      <Typography>{ruleWords(data.rule, t)}</Typography>
      {user.data === undefined ? null : (
        <Typography color="textSecondary">
          {user.data.groups.length === 0
            ? t('again.noGroup', { who, role: user.data.role })
            : t('again.groups', { who, role: user.data.role, groups: user.data.groups.join(', ') })}
        </Typography>
      )}
      {data.effect === 'pass' || changes.length === 0 ? null : (
        <Typography color="textSecondary">{t('again.changes', { changes: changes.join('; ') })}</Typography>
      )}
      {simulator}
    </Box>
  );
}

function ruleWords({ mode, allow }: AccessAnswer['rule'], t: Translate<typeof messages>) {
  if (mode === 'policy') return t('again.rule.policy');
  if (mode === 'public') return t('again.rule.public');
  return allow.length === 0 ? t('again.rule.everybody') : t('again.rule.allow', { allow: allow.join(', ') });
}
