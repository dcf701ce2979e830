import type { Permission } from '@zeronaut/model';
import { useMessages } from '../base/messages.ts';
import { useMay } from '../base/session.ts';
import type { messages } from './messages.en.ts';
import { uiMessages } from './messages.ts';
import { type PageTab, PageTabs } from './page-tabs.tsx';

interface Item {
  readonly to: string;
  readonly label: keyof typeof messages;
  readonly permission: Permission;
}

/** Pages below one row of the menu. The command palette leads to them too. */
const PAGES = {
  policies: [
    { to: '/policies', label: 'tabs.policies', permission: 'policies:read' },
    { to: '/policies/templates', label: 'tabs.templates', permission: 'policies:read' },
    { to: '/policies/simulator', label: 'tabs.simulator', permission: 'policies:read' },
    { to: '/policies/reach', label: 'tabs.reachable', permission: 'policies:read' },
    { to: '/policies/reported', label: 'tabs.reported', permission: 'policies:read' },
    { to: '/policies/unused', label: 'tabs.unused', permission: 'policies:read' },
    { to: '/policies/assertions', label: 'tabs.assertions', permission: 'policies:read' },
  ],
  security: [
    { to: '/security', label: 'tabs.feed', permission: 'events:read' },
    { to: '/security/incidents', label: 'tabs.incidents', permission: 'incidents:read' },
    { to: '/security/refusals', label: 'tabs.refusals', permission: 'events:read' },
    { to: '/security/behaviour', label: 'tabs.behaviour', permission: 'events:read' },
  ],
  audit: [
    { to: '/audit', label: 'tabs.log', permission: 'audit:read' },
    { to: '/audit/verify', label: 'tabs.verify', permission: 'audit:read' },
  ],
  people: [
    { to: '/users', label: 'tabs.users', permission: 'users:read' },
    { to: '/users/invitations', label: 'tabs.invitations', permission: 'users:read' },
    { to: '/users/groups', label: 'tabs.groups', permission: 'users:read' },
    { to: '/users/roles', label: 'tabs.roles', permission: 'roles:read' },
    { to: '/users/sessions', label: 'tabs.sessions', permission: 'sessions:read' },
  ],
  programs: [
    { to: '/service-accounts', label: 'tabs.serviceAccounts', permission: 'service_accounts:read' },
    { to: '/service-accounts/api-keys', label: 'tabs.apiKeys', permission: 'api_keys:read' },
    { to: '/service-accounts/personal-access-tokens', label: 'tabs.tokens', permission: 'api_keys:read' },
    { to: '/service-accounts/workload-trusts', label: 'tabs.workloads', permission: 'service_accounts:read' },
  ],
  requests: [
    { to: '/access-requests', label: 'tabs.requests', permission: 'self:read' },
    { to: '/access-requests/approval-rules', label: 'tabs.rules', permission: 'policies:read' },
  ],
  settings: [
    { to: '/settings', label: 'tabs.organization', permission: 'organization:read' },
    { to: '/settings/branding', label: 'tabs.branding', permission: 'organization:read' },
    { to: '/settings/sign-in', label: 'tabs.signInPolicy', permission: 'organization:read' },
    { to: '/settings/identity-providers', label: 'tabs.providers', permission: 'identity_providers:read' },
    { to: '/settings/relying-parties', label: 'tabs.relyingParties', permission: 'relying_parties:read' },
    { to: '/settings/devices', label: 'tabs.devices', permission: 'organization:read' },
    { to: '/settings/notifications', label: 'tabs.notifications', permission: 'organization:write' },
    { to: '/settings/retention', label: 'tabs.retention', permission: 'audit:read' },
    { to: '/settings/audit-exports', label: 'tabs.exports', permission: 'audit_exports:read' },
    { to: '/settings/backup', label: 'tabs.backup', permission: 'backups:write' },
  ],
  mine: [
    { to: '/my-access', label: 'tabs.reach', permission: 'self:read' },
    { to: '/my-access/sign-in', label: 'tabs.signIn', permission: 'self:read' },
    { to: '/my-access/personal-access-tokens', label: 'tabs.tokens', permission: 'self:read' },
  ],
} as const satisfies Record<string, readonly Item[]>;

type Of = keyof typeof PAGES;

/** Those that whoever looks may open. */
function useTabs(): (of: Of) => readonly PageTab[] {
  const t = useMessages(uiMessages);
  const may = useMay();
  return (of) => {
    const items: readonly Item[] = PAGES[of];
    return items.filter(({ permission }) => may(permission)).map(({ to, label }) => ({ to, text: t(label) }));
  };
}

export function SubNavigation({ of }: { readonly of: Of }) {
  const t = useMessages(uiMessages);
  const tabsOf = useTabs();
  return <PageTabs label={t(`tabs.of.${of}`)} tabs={tabsOf(of)} />;
}

/** All of them, each with what it belongs to. */
export function useAllTabs(): readonly (PageTab & { readonly of: string })[] {
  const t = useMessages(uiMessages);
  const tabsOf = useTabs();
  return (Object.keys(PAGES) as Of[]).flatMap((of) => tabsOf(of).map((tab) => ({ ...tab, of: t(`tabs.of.${of}`) })));
}
