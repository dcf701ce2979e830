import {
  type AccessRule,
  networkContains,
  parseNetwork,
  type SnapshotUser,
  type UnusedPermissions,
} from '@zeronaut/model';
import { anonymousFacts, evaluateAccess, matchesPrincipal } from '@zeronaut/policy';
import type { StoredResource } from '../resources/resource-rows.ts';
import type { Judge } from './judge.ts';

/** Rules in one answer. */
const MAX_RULES = 500;
/** Mail addresses of one rule in the answer. */
const MAX_EMAILS = 200;
/** So many users are named one by one in the place of everybody. */
const MAX_NAMED = 50;

type RuleReport = UnusedPermissions['rules'][number];
type Narrowed = NonNullable<RuleReport['proposal']>['narrowed'][number];
type Door = Pick<AccessRule, 'mode' | 'allow' | 'addresses'>;

/** Reasons by which the rule of a resource lets a user in. */
const BY_USER: ReadonlySet<string> = new Set([
  'access.session',
  'access.personal_access_token',
  'access.address_authorised',
]);
/** By another door of the rule, which stays as it is. */
const BY_OTHER_DOOR: ReadonlySet<string> = new Set(['access.basic', 'access.token', 'access.share']);

interface RuleUse {
  requests: number;
  readonly users: Map<string, number>;
  readonly addresses: Map<string, number>;
}

/** Whom the rules of resources let in, by recorded access events. What a policy or an approved request let in needed no rule. */
export class RuleUses {
  readonly #byResource = new Map<string, RuleUse>();

  /** How many uses were new. */
  note(event: { resource_id: string | null; reason: string; subject: string; source_address: string }): number {
    const { resource_id: resourceId, reason } = event;
    const byUser = BY_USER.has(reason);
    const byAddress = reason === 'access.address';
    if (resourceId === null || !(byUser || byAddress || BY_OTHER_DOOR.has(reason))) return 0;
    let use = this.#byResource.get(resourceId);
    if (use === undefined) {
      use = { requests: 0, users: new Map(), addresses: new Map() };
      this.#byResource.set(resourceId, use);
    }
    use.requests++;
    if (!byUser && !byAddress) return 0;
    const [seen, who] = byUser ? [use.users, event.subject] : [use.addresses, event.source_address];
    const before = seen.get(who);
    seen.set(who, (before ?? 0) + 1);
    return before === undefined ? 1 : 0;
  }

  of(resourceId: string): RuleUse {
    return this.#byResource.get(resourceId) ?? { requests: 0, users: new Map(), addresses: new Map() };
  }
}

/** Rules of which something was not used, by name; those that are used as they are have nothing to say. */
export async function reportRules(
  judge: Judge,
  resources: readonly StoredResource[],
  uses: RuleUses,
  giveWay: () => Promise<void>,
): Promise<Pick<UnusedPermissions, 'rules' | 'moreRules'>> {
  const named = usersByPrincipal(judge.users);
  const rules: RuleReport[] = [];
  let moreRules = 0;
  const ordered = resources.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const resource of ordered) {
    if (resource.access.mode !== 'login') continue;
    await giveWay();
    const report = reportOf(judge, resource, uses.of(resource.id), named);
    if (report.without === 'all_used') continue;
    if (rules.length < MAX_RULES) rules.push(report);
    else moreRules++;
  }
  return { rules, moreRules };
}

/** Users by what rules call them: their address, `group:…`, `role:…`. */
function usersByPrincipal(users: readonly SnapshotUser[]): ReadonlyMap<string, readonly SnapshotUser[]> {
  const named = new Map<string, SnapshotUser[]>();
  for (const user of users) {
    const { email, groups, role } = user;
    for (const name of [email, `role:${role}`, ...groups.map((group) => `group:${group}`)]) {
      const known = named.get(name);
      if (known === undefined) named.set(name, [user]);
      else known.push(user);
    }
  }
  return named;
}

function reportOf(
  judge: Judge,
  resource: StoredResource,
  use: RuleUse,
  named: ReadonlyMap<string, readonly SnapshotUser[]>,
): RuleReport {
  const { id, name, version, access, updatedAt } = resource;
  // Who was removed since lets nobody in any more.
  const known = [...use.users.keys()].flatMap((userId) => judge.user(userId) ?? []);
  // Nor does the rule of now whom only an earlier one named.
  const active = known.filter(
    (user) => access.allow.length === 0 || access.allow.some((principal) => matchesPrincipal(principal, user)),
  );
  const allowed =
    access.allow.length === 0 ? judge.users : [...new Set(access.allow.flatMap((one) => named.get(one) ?? []))];
  const used = new Set(active.map((user) => user.id));
  const idle = allowed.filter((user) => !used.has(user.id));
  const kept = keptOf(access, active, [...use.addresses.keys()]);
  const unused = [
    ...access.allow
      .filter((principal) => !kept.allow.includes(principal))
      .map((value) => ({ kind: kindOf(value), value })),
    ...access.addresses
      .filter((value) => !kept.addresses.includes(value))
      .map((value) => ({ kind: 'address' as const, value })),
  ];
  return {
    ...{ id, name, version, changedAt: updatedAt, requests: use.requests, everybody: access.allow.length === 0 },
    users: allowed.length,
    unusedUsers: { count: idle.length, emails: idle.slice(0, MAX_EMAILS).map(({ email }) => email) },
    unused,
    rule: doorOf(access),
    ...proposalOf(judge, resource, use, active, kept),
  };
}

function kindOf(principal: string): 'group' | 'role' | 'user' {
  if (principal.startsWith('group:')) return 'group';
  return principal.startsWith('role:') ? 'role' : 'user';
}

const doorOf = ({ mode, allow, addresses }: Door): Door => ({ mode, allow: [...allow], addresses: [...addresses] });

function keptOf(access: AccessRule, users: readonly SnapshotUser[], addresses: readonly string[]) {
  return {
    allow: access.allow.filter((principal) => users.some((user) => matchesPrincipal(principal, user))),
    addresses: access.addresses.filter((text) => {
      const network = parseNetwork(text);
      return network !== null && addresses.some((address) => networkContains(network, address));
    }),
  };
}

function proposalOf(
  judge: Judge,
  resource: StoredResource,
  use: RuleUse,
  users: readonly SnapshotUser[],
  kept: Pick<Door, 'allow' | 'addresses'>,
): Pick<RuleReport, 'proposal' | 'without'> {
  if (use.requests === 0) return { proposal: null, without: 'never_used' };
  const { access } = resource;
  const narrowed: Narrowed[] = [];
  const next = doorOf(access);
  if (users.length === 0) {
    // An empty list would let everybody in, so that it is the mode that says that being a user is not enough.
    next.mode = 'policy';
    next.allow = [];
    narrowed.push('mode');
  } else if (access.allow.length === 0) {
    if (users.length <= MAX_NAMED && users.length < judge.users.length) {
      next.allow = users.map(({ email }) => email).sort();
      narrowed.push('allow');
    }
  } else if (kept.allow.length < access.allow.length) {
    next.allow = [...kept.allow];
    narrowed.push('allow');
  }
  if (kept.addresses.length < access.addresses.length) {
    next.addresses = [...kept.addresses];
    narrowed.push('addresses');
  }
  if (narrowed.length === 0) return { proposal: null, without: 'all_used' };
  // What its agent says of a service counts, and is changed there.
  if (resource.origin !== 'declared') return { proposal: null, without: 'published' };
  const rule = { ...access, ...next };
  if (!letsIn(judge.facts.organizationId, rule, users, [...use.addresses.keys()], access)) {
    return { proposal: null, without: 'would_differ' };
  }
  const replayed = [...users.map(({ id }) => use.users.get(id) ?? 0), ...use.addresses.values()];
  return { proposal: { ...next, narrowed, replayed: replayed.reduce((sum, one) => sum + one, 0) }, without: null };
}

/** Whether the rule lets in all whom the rule of now would have let in, by the doors that they came through. */
function letsIn(
  organizationId: string,
  rule: AccessRule,
  users: readonly SnapshotUser[],
  addresses: readonly string[],
  now: AccessRule,
): boolean {
  const signedIn = (user: SnapshotUser) =>
    ({ ...anonymousFacts(organizationId, ''), sessionState: 'valid', user }) as const;
  const questions = [...users.map(signedIn), ...addresses.map((address) => anonymousFacts(organizationId, address))];
  return questions.every(
    (facts) => evaluateAccess(now, facts).effect !== 'pass' || evaluateAccess(rule, facts).effect === 'pass',
  );
}
