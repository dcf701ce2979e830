import type { MigrationProvider } from 'kysely/migration';
import * as first from './0001-first.ts';
import * as signIn from './0010-sign-in.ts';
import * as passkeys from './0011-passkeys.ts';
import * as edgeSignIn from './0012-edge-sign-in.ts';
import * as invitations from './0013-invitations.ts';
import * as magicLinks from './0014-magic-links.ts';
import * as roles from './0015-roles.ts';
import * as linkedUsers from './0016-linked-users.ts';
import * as groups from './0018-groups.ts';
import * as identityProviders from './0020-identity-providers.ts';
import * as saml from './0021-saml.ts';
import * as scim from './0022-scim.ts';
import * as apiKeyScopes from './0030-api-key-scopes.ts';
import * as personalAccessTokens from './0031-personal-access-tokens.ts';
import * as workloads from './0032-workloads.ts';
import * as relyingParties from './0033-relying-parties.ts';
import * as devicePosture from './0034-device-posture.ts';
import * as openidLogout from './0035-openid-logout.ts';
import * as auditProof from './0040-audit-proof.ts';
import * as decisions from './0041-decisions.ts';
import * as auditExports from './0042-audit-exports.ts';
import * as auditSubjects from './0043-audit-subjects.ts';
import * as auditRetention from './0044-audit-retention.ts';
import * as policies from './0050-policies.ts';
import * as accessRequests from './0051-access-requests.ts';
import * as traffic from './0060-traffic.ts';
import * as lists from './0061-lists.ts';
import * as branding from './0062-branding.ts';
import * as notifications from './0063-notifications.ts';
import * as refusalsOfResources from './0064-refusals-of-resources.ts';
import * as gatewayLoad from './0065-gateway-load.ts';
import * as eventTimes from './0066-event-times.ts';
import * as gatewayDrain from './0067-gateway-drain.ts';
import * as deviceLastSeen from './0068-device-last-seen.ts';
import * as deviceDiscoveries from './0069-device-discoveries.ts';
import * as activity from './0070-activity.ts';
import * as incidents from './0071-incidents.ts';
import * as gatewayPlaces from './0072-gateway-places.ts';
import * as push from './0073-push.ts';
import * as gatewaySegments from './0074-gateway-segments.ts';
import * as notices from './0075-notices.ts';
import * as sitePlaces from './0076-site-places.ts';
import * as sessionDevices from './0077-session-devices.ts';
import * as notificationVersions from './0078-notification-versions.ts';
import * as approvingSessions from './0079-approving-sessions.ts';
import * as headerRules from './0080-header-rules.ts';
import * as addressGrants from './0081-address-grants.ts';
import * as devicePlaces from './0082-device-places.ts';
import * as auditExportVersions from './0083-audit-export-versions.ts';
import * as resourceLimits from './0084-resource-limits.ts';
import * as snapshotMaxAge from './0085-snapshot-max-age.ts';
import * as deciders from './0086-deciders.ts';
import * as gatewayLeases from './0087-gateway-leases.ts';

/** In this order, on both databases. A migration that was released is never edited: write the next one. */
export const migrations: MigrationProvider = {
  async getMigrations() {
    return {
      '0001-first': first,
      '0010-sign-in': signIn,
      '0011-passkeys': passkeys,
      '0012-edge-sign-in': edgeSignIn,
      '0013-invitations': invitations,
      '0014-magic-links': magicLinks,
      '0015-roles': roles,
      '0016-linked-users': linkedUsers,
      '0018-groups': groups,
      '0020-identity-providers': identityProviders,
      '0021-saml': saml,
      '0022-scim': scim,
      '0030-api-key-scopes': apiKeyScopes,
      '0031-personal-access-tokens': personalAccessTokens,
      '0032-workloads': workloads,
      '0033-relying-parties': relyingParties,
      '0034-device-posture': devicePosture,
      '0035-openid-logout': openidLogout,
      '0040-audit-proof': auditProof,
      '0041-decisions': decisions,
      '0042-audit-exports': auditExports,
      '0043-audit-subjects': auditSubjects,
      '0044-audit-retention': auditRetention,
      '0050-policies': policies,
      '0051-access-requests': accessRequests,
      '0060-traffic': traffic,
      '0061-lists': lists,
      '0062-branding': branding,
      '0063-notifications': notifications,
      '0064-refusals-of-resources': refusalsOfResources,
      '0065-gateway-load': gatewayLoad,
      '0066-event-times': eventTimes,
      '0067-gateway-drain': gatewayDrain,
      '0068-device-last-seen': deviceLastSeen,
      '0069-device-discoveries': deviceDiscoveries,
      '0070-activity': activity,
      '0071-incidents': incidents,
      '0072-gateway-places': gatewayPlaces,
      '0073-push': push,
      '0074-gateway-segments': gatewaySegments,
      '0075-notices': notices,
      '0076-site-places': sitePlaces,
      '0077-session-devices': sessionDevices,
      '0078-notification-versions': notificationVersions,
      '0079-approving-sessions': approvingSessions,
      '0080-header-rules': headerRules,
      '0081-address-grants': addressGrants,
      '0082-device-places': devicePlaces,
      '0083-audit-export-versions': auditExportVersions,
      '0084-resource-limits': resourceLimits,
      '0085-snapshot-max-age': snapshotMaxAge,
      '0086-deciders': deciders,
      '0087-gateway-leases': gatewayLeases,
    };
  },
};
