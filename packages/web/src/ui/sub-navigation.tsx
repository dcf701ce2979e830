import type { Permission } from '@zeronaut/model';
import { useMessages } from '../base/messages.ts';
import { useMay } from '../base/session.ts';
import type { messages } from './messages.en.ts';
import { uiMessages } from './messages.ts';
import { PageTabs } from './page-tabs.tsx';

interface Item {
  readonly to: string;
  readonly label: keyof typeof messages;
  readonly permission: Permission;
}

/** Pages below one row of the menu. */
const PAGES = {
  people: [
    { to: '/users', label: 'tabs.users', permission: 'users:read' },
    { to: '/users/invitations', label: 'tabs.invitations', permission: 'users:read' },
    { to: '/users/groups', label: 'tabs.groups', permission: 'users:read' },
    { to: '/users/roles', label: 'tabs.roles', permission: 'roles:read' },
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

export function SubNavigation({ of }: { readonly of: keyof typeof PAGES }) {
  const t = useMessages(uiMessages);
  const may = useMay();
  const items: readonly Item[] = PAGES[of];
  const tabs = items.filter(({ permission }) => may(permission)).map(({ to, label }) => ({ to, text: t(label) }));
  return <PageTabs label={t(`tabs.of.${of}`)} tabs={tabs} />;
}
