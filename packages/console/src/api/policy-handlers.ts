import type { policyRoutes } from '@zeronaut/model';
import { POLICY_SCHEMA } from '@zeronaut/policy';
import { checkPolicy, formatPolicy, formOfPolicy, policyOfForm } from '@zeronaut/policy/authoring';
import { setTimeZone } from '../domains/organizations/organizations.ts';
import * as assertions from '../domains/policies/assertions.ts';
import * as policies from '../domains/policies/policies.ts';
import { reach } from '../domains/policies/reach.ts';
import { replay } from '../domains/policies/replay.ts';
import * as risks from '../domains/policies/risks.ts';
import { setSegments } from '../domains/policies/segments.ts';
import { simulate } from '../domains/policies/simulate.ts';
import { unusedPermissions } from '../domains/policies/unused.ts';
import { warningsOf } from '../domains/policies/warnings.ts';
import type { Handlers } from './handlers.ts';

export const policyHandlers: Pick<Handlers, keyof typeof policyRoutes> = {
  'policies.list': (context, { caller, query }) => policies.listPolicies(context, caller, query),
  'policies.create': (context, { caller, body, remember }) => policies.createPolicy(context, caller, body, remember),
  'policies.get': (context, { caller, params }) => policies.getPolicy(context, caller, params.id),
  'policies.update': (context, { caller, params, body, version }) =>
    policies.updatePolicy(context, caller, params.id, version, body),
  'policies.delete': (context, { caller, params }) => policies.deletePolicy(context, caller, params.id),
  'policies.versions': (context, { caller, params, query }) => policies.listVersions(context, caller, params.id, query),
  'policies.rollBack': (context, { caller, params, body }) =>
    policies.rollBack(context, caller, params.id, body.version),
  'policies.check': async (context, { caller, body }) => {
    const check = checkPolicy(body.text, context.clock());
    if (!check.ok) {
      return { valid: false, problems: [...check.problems], facts: [], warnings: [], formatted: body.text };
    }
    const warnings = await warningsOf(context, caller, check, body.text);
    return { valid: true, problems: [], facts: [...check.facts], warnings, formatted: formatPolicy(body.text) };
  },
  'policies.form': (_context, { body }) => {
    const read = formOfPolicy(body.text);
    return read.ok
      ? { form: read.form, textOnly: false, problems: [] }
      : { form: null, textOnly: read.textOnly, problems: [...read.problems] };
  },
  'policies.text': (_context, { body }) => {
    const written = policyOfForm(body.form);
    return { valid: written.ok, text: written.text, problems: written.ok ? [] : [...written.problems] };
  },
  'policies.apply': (context, { caller, body }) => policies.applyPolicies(context, caller, body),
  'policies.schema': () => ({ text: POLICY_SCHEMA }),
  'policies.simulate': (context, { caller, body }) => simulate(context, caller, body),
  'policies.replay': (context, { caller, body }) => replay(context, caller, body),
  'policies.reach': (context, { caller, query }) => reach(context, caller, query),
  'policies.unused': (context, { caller, query }) => unusedPermissions(context, caller, query),
  'policyAssertions.get': (context, { caller }) => assertions.getAssertions(context.store.db, caller.organizationId),
  'policyAssertions.test': (context, { caller }) => assertions.askAssertions(context, caller),
  'policyAssertions.update': (context, { caller, body, version }) =>
    assertions.updateAssertions(context, caller, version, body.assertions),
  'organizations.setTimeZone': (context, { caller, body, version }) =>
    setTimeZone(context, caller, version, body.timeZone),
  'segments.set': (context, { caller, params, body, version }) =>
    setSegments(context, caller, params.id, version, body.segments),
  'risks.list': (context, { caller, query }) => risks.listRisks(context, caller, query),
  'risks.set': (context, { caller, params, body, version }) => risks.setRisk(context, caller, params.id, version, body),
};
