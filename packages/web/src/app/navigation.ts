/** What the menu and the command palette lead to. A page of another room gets one row here; its first path segment is in `WEB_PAGES` of model. */

import type SvgIcon from '@mui/material/SvgIcon';
import type { Permission } from '@zeronaut/model';
import {
  AuditIcon,
  DeviceIcon,
  GatewayIcon,
  KeyIcon,
  LaunchIcon,
  OverviewIcon,
  PlusIcon,
  PolicyIcon,
  RequestIcon,
  ResourceIcon,
  SecurityIcon,
  SettingsIcon,
  SiteIcon,
  StartIcon,
  UserIcon,
} from '../ui/icons.tsx';
import type { messages } from './messages.en.ts';

export interface NavigationItem {
  readonly to: string;
  readonly label: keyof typeof messages;
  readonly icon: typeof SvgIcon;
  readonly permission: Permission;
  /** A page that the console renders by itself: a full load instead of a change of the route. */
  readonly external?: true;
}

export const NAVIGATION: readonly NavigationItem[] = [
  { to: '/', label: 'nav.overview', icon: OverviewIcon, permission: 'events:read' },
  { to: '/my-access', label: 'nav.mine', icon: LaunchIcon, permission: 'self:read' },
  { to: '/resources', label: 'nav.resources', icon: ResourceIcon, permission: 'resources:read' },
  { to: '/gateways', label: 'nav.gateways', icon: GatewayIcon, permission: 'gateways:read' },
  { to: '/sites', label: 'nav.sites', icon: SiteIcon, permission: 'sites:read' },
  { to: '/devices', label: 'nav.devices', icon: DeviceIcon, permission: 'devices:read' },
  { to: '/users', label: 'nav.users', icon: UserIcon, permission: 'users:read' },
  { to: '/service-accounts', label: 'nav.programs', icon: KeyIcon, permission: 'service_accounts:read' },
  { to: '/policies', label: 'nav.policies', icon: PolicyIcon, permission: 'policies:read' },
  { to: '/access-requests', label: 'nav.requests', icon: RequestIcon, permission: 'self:read' },
  { to: '/security', label: 'nav.security', icon: SecurityIcon, permission: 'events:read' },
  { to: '/audit', label: 'nav.audit', icon: AuditIcon, permission: 'audit:read' },
  { to: '/settings', label: 'nav.settings', icon: SettingsIcon, permission: 'users:read' },
  { to: '/first-steps', label: 'nav.firstRun', icon: StartIcon, permission: 'resources:write' },
];

/** Beyond the pages: what the palette can begin. */
export const ACTIONS: readonly NavigationItem[] = [
  { to: '/resources/new', label: 'nav.newResource', icon: PlusIcon, permission: 'resources:write' },
  { to: '/access-requests?ask=1', label: 'nav.ask', icon: RequestIcon, permission: 'self:write' },
  { to: '/users/invitations?invite=1', label: 'nav.invite', icon: PlusIcon, permission: 'users:write' },
  { to: '/gateways?enrol=1', label: 'nav.enrol', icon: PlusIcon, permission: 'gateways:write' },
  { to: '/devices?enrol=1', label: 'nav.enrolDevice', icon: PlusIcon, permission: 'devices:read' },
  { to: '/sites?add=1', label: 'nav.addSite', icon: PlusIcon, permission: 'sites:write' },
  { to: '/policies/new', label: 'nav.newPolicy', icon: PlusIcon, permission: 'policies:write' },
  { to: '/audit/verify', label: 'nav.verify', icon: AuditIcon, permission: 'audit:read' },
  { to: '/resources/test', label: 'nav.testRoute', icon: ResourceIcon, permission: 'policies:read' },
  { to: '/policies/simulator', label: 'nav.simulator', icon: PolicyIcon, permission: 'policies:read' },
  { to: '/users?create=1', label: 'nav.newUser', icon: PlusIcon, permission: 'users:write' },
  { to: '/users/groups?create=1', label: 'nav.newGroup', icon: PlusIcon, permission: 'users:write' },
  { to: '/users/roles?create=1', label: 'nav.newRole', icon: PlusIcon, permission: 'roles:write' },
  { to: '/service-accounts?create=1', label: 'nav.newAccount', icon: PlusIcon, permission: 'service_accounts:write' },
  { to: '/service-accounts/api-keys?create=1', label: 'nav.newKey', icon: PlusIcon, permission: 'api_keys:write' },
  {
    to: '/service-accounts/workload-trusts?create=1',
    label: 'nav.newTrust',
    icon: PlusIcon,
    permission: 'service_accounts:write',
  },
  { to: '/my-access/personal-access-tokens?create=1', label: 'nav.newToken', icon: PlusIcon, permission: 'self:write' },
  { to: '/my-access/sign-in', label: 'nav.factors', icon: PlusIcon, permission: 'self:write' },
  {
    to: '/settings/identity-providers?create=oidc',
    label: 'nav.newProvider',
    icon: PlusIcon,
    permission: 'identity_providers:write',
  },
  {
    to: '/settings/relying-parties?create=1',
    label: 'nav.newRelyingParty',
    icon: PlusIcon,
    permission: 'relying_parties:write',
  },
  {
    to: '/settings/notifications?create=1',
    label: 'nav.newNotification',
    icon: PlusIcon,
    permission: 'organization:write',
  },
  { to: '/settings/audit-exports?create=1', label: 'nav.newExport', icon: PlusIcon, permission: 'audit_exports:write' },
];
