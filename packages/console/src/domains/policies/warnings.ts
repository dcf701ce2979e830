import { checkPolicy, type PolicyCheck, type PolicyProblem } from '@zeronaut/policy/authoring';
import type { Caller, Context } from '../context.ts';
import { namedNobody } from './named-nobody.ts';

/** Of many gateways, so many are named. */
const MAX_NAMED = 10;

/** What the author of a policy may not have thought of: of the text, of what it names, and of the gateways that shall run it. */
export async function warningsOf(
  context: Context,
  caller: Caller,
  check: PolicyCheck & { readonly ok: true },
  text: string,
): Promise<PolicyProblem[]> {
  const missing = await namedNobody(context.store.db, caller, check.named, text);
  const warnings = [...check.warnings, ...missing, ...(await olderGateways(context, caller, check))];
  if (!check.facts.includes('country')) return warnings;
  const { gateways } = context.presence(caller.organizationId);
  const broken = [...gateways].filter(([, { load }]) => load.countries === 'none' || load.countries === 'failing');
  if (broken.length === 0) return warnings;
  const rows = await context.store.db
    .selectFrom('gateways')
    .select(['id', 'name'])
    .where('organization_id', '=', caller.organizationId)
    .where(
      'id',
      'in',
      broken.slice(0, MAX_NAMED).map(([id]) => id),
    )
    .orderBy('name')
    .execute();
  for (const { id, name } of rows) {
    const none = gateways.get(id)?.load.countries === 'none';
    warnings.push(
      none
        ? ofGateway(
            'gateway.no_countries',
            name,
            'knows no countries: it has no file of them that can be used (geoFile)',
          )
        : ofGateway(
            'gateway.old_countries',
            name,
            'knows countries from an older file: its newest one cannot be used (geoFile)',
          ),
    );
  }
  return warnings;
}

/** Gateways that take `context.gateway` as absent and a device as no entity: what a policy says of either is not so there. */
async function olderGateways(
  context: Context,
  { organizationId }: Caller,
  { facts, named }: PolicyCheck & { readonly ok: true },
): Promise<PolicyProblem[]> {
  const concerned =
    facts.some((fact) => fact.split('.')[0] === 'gateway' || fact === 'device') ||
    named.some(({ type }) => type === 'Gateway' || type === 'Device');
  if (!concerned) return [];
  const rows = await context.store.db
    .selectFrom('gateways')
    .select(['id', 'name'])
    .where('organization_id', '=', organizationId)
    .where('status', '=', 'active')
    .orderBy('name')
    .execute();
  return rows
    .filter(({ id }) => context.gatewayKnows(id, 'gateway') === false)
    .slice(0, MAX_NAMED)
    .map(({ name }) =>
      ofGateway(
        'gateway.old',
        name,
        'is older than policies that speak of gateways, and of devices as entities: update it first',
      ),
    );
}

/** It is about all of the text. */
function ofGateway(code: string, name: string, what: string): PolicyProblem {
  return { code, values: { name }, message: `the gateway ${name} ${what}`, help: '', line: 1, column: 1 };
}

export async function warningsOfText(context: Context, caller: Caller, text: string): Promise<PolicyProblem[]> {
  const check = checkPolicy(text, context.clock());
  return check.ok ? await warningsOf(context, caller, check, text) : [];
}
