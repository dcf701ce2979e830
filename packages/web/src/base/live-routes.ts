import type { LiveNoun } from '@zeronaut/model';

/** Routes whose answers are made of a noun besides its own, by the beginning of their ids. */
const FURTHER: Partial<Record<LiveNoun, readonly string[]>> = {
  organization: ['organizations.', 'me.', 'signInPolicy.', 'devicePolicy.', 'auditExports.', 'branding.'],
  services: ['resources.', 'overview.'],
  resources: ['services.', 'overview.', 'me.listReach'],
  gateways: ['endpoints.', 'services.', 'overview.'],
  users: ['me.', 'overview.', 'groups.'],
  groups: ['users.', 'serviceAccounts.'],
  factors: ['passkeys.', 'users.listFactors'],
  sessions: ['me.listSessions'],
  'access-requests': ['me.listReach'],
  devices: ['overview.', 'me.listDevices'],
  policies: ['policyAssertions.', 'segments.', 'templates.'],
  incidents: ['overview.'],
  'audit-entries': ['audit.'],
};

/** `access-requests` is what `accessRequests.list` and its like answer with. */
export function routesOf(noun: LiveNoun): readonly string[] {
  const own = noun.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return [`${own}.`, ...(FURTHER[noun] ?? [])];
}
