import type { Policy, PolicyMode } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { Tag } from '../../ui/tag.tsx';
import { policyMessages } from './messages.ts';

export function EffectTag({ effect }: { readonly effect: Policy['effect'] }) {
  const t = useMessages(policyMessages);
  return <Tag>{t(`effect.${effect}`)}</Tag>;
}

const MODE: Record<PolicyMode, Meaning> = { enforce: 'ok', report: 'warn', off: 'neutral' };

export function ModeChip({ mode }: { readonly mode: PolicyMode }) {
  const t = useMessages(policyMessages);
  return <StatusChip meaning={MODE[mode]}>{t(`mode.${mode}`)}</StatusChip>;
}

export type Outcome = 'pass' | 'challenge' | 'deny' | 'depends';
const OUTCOME: Record<Outcome, Meaning> = { pass: 'ok', challenge: 'warn', deny: 'bad', depends: 'neutral' };

export function OutcomeChip({ outcome }: { readonly outcome: Outcome }) {
  const t = useMessages(policyMessages);
  return <StatusChip meaning={OUTCOME[outcome]}>{t(`outcome.${outcome}`)}</StatusChip>;
}
