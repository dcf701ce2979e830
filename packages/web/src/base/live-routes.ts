import type { LiveNoun } from '@zeronaut/model';

/** How assertions of policies stand changes with all that they ask about. */
const ASSERTIONS: readonly string[] = ['policyAssertions.test'];

/** Routes whose answers are made of a noun besides its own, by the beginning of their ids. */
const FURTHER: Partial<Record<LiveNoun, readonly string[]>> = {
  organization: ['organizations.', 'me.', 'signInPolicy.', 'devicePolicy.', 'branding.', 'notifications.'],
  services: ['resources.', 'overview.', ...ASSERTIONS],
  resources: ['services.', 'overview.', 'me.listReach', ...ASSERTIONS],
  sites: ASSERTIONS,
  risks: ASSERTIONS,
  gateways: ['endpoints.', 'services.', 'overview.', ...ASSERTIONS],
  users: ['me.', 'overview.', 'groups.', ...ASSERTIONS],
  groups: ['users.', 'serviceAccounts.', ...ASSERTIONS],
  factors: ['passkeys.', 'users.listFactors'],
  sessions: ['me.listSessions'],
  addresses: ['me.listAddresses'],
  'access-requests': ['me.listReach'],
  devices: ['overview.', 'me.listDevices', ...ASSERTIONS],
  'relying-parties': ['me.listConsents'],
  'service-accounts': ['workloadTrusts.'],
  policies: ['policyAssertions.', 'segments.', 'templates.'],
  incidents: ['overview.'],
  'audit-entries': ['audit.'],
};

/** `access-requests` is what `accessRequests.list` and its like answer with. */
export function routesOf(noun: LiveNoun): readonly string[] {
  const own = noun.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return [`${own}.`, ...(FURTHER[noun] ?? [])];
}
