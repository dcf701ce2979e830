import { createId, type Snapshot } from '@zeronaut/model';
import { checkPolicy } from '@zeronaut/policy/authoring';

/** An organization of the size that the access figures are about. Made from counters, so that each run is about the same one. */
export interface AccessWorldSize {
  readonly users: number;
  readonly devices: number;
  readonly resources: number;
  readonly policies: number;
}

const GROUPS = 200;
const SEGMENTS = 50;

/** Of each kind that templates make, and in these shares; `n` counts within the kind. */
const POLICY_KINDS: readonly { readonly share: number; text(n: number): string }[] = [
  // For everybody and everything: each decision evaluates all of these.
  {
    share: 0.01,
    text: (n) => `forbid (principal, action, resource) when { context.risk > ${80 + (n % 20)} };`,
  },
  {
    share: 0.01,
    text: (n) =>
      `forbid (principal, action == Action::"write", resource) when { context.address.isInRange(ip("203.0.${n % 256}.0/24")) };`,
  },
  {
    share: 0.48,
    text: (n) =>
      `permit (principal in Group::"group-${n % GROUPS}", action in Action::"access", resource in Segment::"segment-${n % SEGMENTS}") when { context.risk < 70 && context.factors.contains("password") };`,
  },
  {
    share: 0.2,
    text: (n) =>
      `@step_up("a second factor") forbid (principal in Group::"group-${n % GROUPS}", action in [Action::"write", Action::"connect"], resource in Segment::"segment-${n % SEGMENTS}") unless { context.factors.containsAny(["totp", "passkey"]) && context has factorMinutesAgo && context.factorMinutesAgo < 60 };`,
  },
  {
    share: 0.2,
    text: (n) =>
      `forbid (principal in Group::"group-${(n * 7) % GROUPS}", action, resource in Segment::"segment-${n % SEGMENTS}") unless { context.time.weekday <= 5 && context.time.hour >= 7 && context.time.hour < 20 };`,
  },
  {
    share: 0.1,
    text: (n) =>
      `forbid (principal in Group::"group-${(n * 3) % GROUPS}", action, resource) when { context has http && context.http.path like "/admin/${n}/*" };`,
  },
];

export function createAccessWorld(organizationId: string, size: AccessWorldSize) {
  const users: Snapshot['users'] = Array.from({ length: size.users }, (_, index) => ({
    id: createId('user'),
    organizationId,
    email: `person-${index}@example.com`,
    name: `Person ${index}`,
    role: 'member',
    groups: [0, 1, 2, 3].map((step) => `group-${(index * 13 + step * 37) % GROUPS}`),
  }));
  const devices: Snapshot['devices'] = Array.from({ length: size.devices }, (_, index) => ({
    id: createId('device'),
    organizationId,
    userId: users[index % users.length]!.id,
    keyFingerprint: String(index).padStart(43, 'A'),
  }));
  const resources: Snapshot['resources'] = Array.from({ length: size.resources }, (_, index) => ({
    id: createId('resource'),
    organizationId,
    name: `app-${index}`,
    protocol: 'http',
    hosts: [`app-${index}.localhost`, `app-${index}.example.com`],
    port: null,
    access: { mode: 'policy', allow: [], addresses: [], basic: [], tokens: null },
    segments: [`segment-${index % SEGMENTS}`],
    shares: [],
    targets: [],
    proxyProtocol: 'none',
    deviceId: null,
  }));
  /** As Cedar text, by id. */
  const texts: Record<string, string> = {};
  const policies: Snapshot['policies'] = POLICY_KINDS.flatMap(({ share, text }, kind) =>
    Array.from({ length: Math.round(size.policies * share) }, (_, n) => {
      const checked = checkPolicy(text(n));
      if (!checked.ok) throw new Error(`${text(n)}: ${checked.problems[0]?.message}`);
      const id = createId('policy');
      texts[id] = text(n);
      return { id, name: `policy-${kind}-${n}`, mode: 'enforce' as const, json: checked.json };
    }),
  );
  return { content: { users, devices, resources, policies }, texts };
}
