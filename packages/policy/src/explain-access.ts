import type { VerdictEffect } from '@zeronaut/model';
import { type Circumstances, type DeviceFacts, factShown, type GatewayFacts, momentOf } from './circumstances.ts';
import { type AccessQuestion, callerOf, decideAccess } from './decide-access.ts';
import { ACTION_ENTITIES, guestEntity, objectEntity } from './entities.ts';
import { evaluateAccess } from './evaluate-access.ts';
import type { LoadedPolicy, PolicySet } from './policy-set.ts';

/** What one policy says to a question that its head fits. */
export interface PolicyStatement {
  readonly policy: LoadedPolicy;
  /** `error`: its conditions could not be evaluated; a forbid then forbids. */
  readonly holds: 'yes' | 'no' | 'error';
  /** It is among those that decided. */
  readonly decides: boolean;
  /** What it read of the moment. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Every policy whose head fits. `explain-access.test.ts` holds all of this against the Cedar library. */
export function explainPolicies(policies: PolicySet, question: AccessQuestion): PolicyStatement[] {
  const { object, facts } = question;
  const caller = callerOf(evaluateAccess(object.access, facts), facts) ?? {
    entity: guestEntity({ kind: 'anonymous', name: '' }),
    by: '',
  };
  const circumstances = question.circumstances(caller.by);
  const environment = {
    principal: caller.entity,
    action: ACTION_ENTITIES[question.action],
    resource: objectEntity(object),
    ...momentOf(circumstances),
  };
  const deciding = new Set(decideAccess(policies, question).explanation?.policies);
  return policies.policies
    .filter(
      (policy) =>
        policy.matchesPrincipal(environment.principal) &&
        policy.matchesAction(environment.action) &&
        policy.matchesResource(environment.resource),
    )
    .map((policy) => {
      let holds: PolicyStatement['holds'] = 'error';
      try {
        holds = policy.holds(environment) ? 'yes' : 'no';
      } catch {
        // Said as `error`: what it is about is in the policy itself.
      }
      const read = Object.fromEntries([...policy.facts].map((fact) => [fact, factShown(fact, circumstances)]));
      return { policy, holds, decides: deciding.has(policy.id), facts: read };
    });
}

/** One fact as it could be instead. */
export interface Alternative {
  readonly fact: string;
  readonly value: string;
  readonly change: Partial<Circumstances>;
}

/** Single facts that turn the answer, found by trying them; the first one of each fact. */
export function turningFacts(
  policies: PolicySet,
  question: AccessQuestion,
  alternatives: Iterable<Alternative>,
): (Alternative & { readonly effect: VerdictEffect })[] {
  const { effect } = decideAccess(policies, question).verdict;
  const found: (Alternative & { effect: VerdictEffect })[] = [];
  for (const alternative of alternatives) {
    if (found.some(({ fact }) => fact === alternative.fact)) continue;
    const changed = changedQuestion(question, alternative.change);
    const other = decideAccess(policies, changed).verdict.effect;
    if (other !== effect) found.push({ ...alternative, effect: other });
  }
  return found;
}

export function changedQuestion(question: AccessQuestion, change: Partial<Circumstances>): AccessQuestion {
  return { ...question, circumstances: (by) => ({ ...question.circumstances(by), ...change }) };
}

/** Hours that are tried, one after the other: a week, so that every office hour is among them. */
const HOURS = 168;
const HOUR_MS = 3_600_000;

/** What a person could change, or wait for. */
export function* alternativesOf(
  { factors, factorsAtMs, granted, nowMs, device, gateway }: Circumstances,
  devices: readonly DeviceFacts[],
  gateways: readonly GatewayFacts[],
): Iterable<Alternative> {
  for (const factor of ['totp', 'passkey'] as const) {
    if (!factors.includes(factor)) {
      yield { fact: 'factors', value: factor, change: { factors: [...factors, factor] } };
    }
  }
  if (factorsAtMs !== nowMs) yield { fact: 'factorMinutesAgo', value: '0', change: { factorsAtMs: nowMs } };
  yield { fact: 'granted', value: String(!granted), change: { granted: !granted } };
  for (const risk of [0, 100]) yield { fact: 'risk', value: String(risk), change: { risk } };
  for (let hours = 1; hours < HOURS; hours++) {
    const atMs = Math.floor(nowMs / HOUR_MS + hours) * HOUR_MS;
    // How long ago a factor was shown is a fact of its own.
    const shown = factorsAtMs === null ? null : factorsAtMs + (atMs - nowMs);
    yield { fact: 'time', value: new Date(atMs).toISOString(), change: { nowMs: atMs, factorsAtMs: shown } };
  }
  for (const other of devices) {
    if (other.id !== device?.id) yield { fact: 'device', value: other.id, change: { device: other } };
  }
  for (const other of gateways) {
    if (other.id !== gateway?.id) yield { fact: 'gateway', value: other.name, change: { gateway: other } };
  }
}
