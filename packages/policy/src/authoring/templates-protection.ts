import type { PolicyTemplate, TemplateParameter } from './templates.ts';
import { SEGMENT } from './templates-access.ts';

const MINUTES: TemplateParameter = {
  name: 'minutes',
  summary: 'how old the sign-in may be',
  kind: 'number',
  default: '15',
};
const RISK: TemplateParameter = { name: 'risk', summary: 'from 0 to 100', kind: 'number', default: '70' };

/** Templates that protect: factors, hours, networks, devices, risk. */
export const PROTECTION_TEMPLATES: readonly PolicyTemplate[] = [
  {
    name: 'second-factor',
    summary: 'Everybody needs a second factor, everywhere.',
    parameters: [],
    text: () => `@description("Nobody gets in with a password alone.")
@step_up
forbid (principal is User, action, resource)
unless { context.factors.containsAny(["totp", "passkey"]) };`,
    cases: [
      { title: 'with an authenticator app', factors: ['password', 'totp'], expect: 'pass' },
      { title: 'with a passkey', factors: ['passkey'], expect: 'pass' },
      { title: 'with a password alone', expect: 'challenge' },
      { title: 'a service account', who: 'service account', expect: 'pass' },
    ],
  },
  {
    name: 'fresh-second-factor',
    summary: 'A segment asks for a second factor that was shown not long ago.',
    parameters: [SEGMENT, MINUTES],
    text: ({ segment, minutes }) => `@description("Asks for a second factor that is not old.")
@step_up
forbid (principal, action, resource in Segment::${segment})
unless {
  context.factors.containsAny(["totp", "passkey"]) &&
  context has factorMinutesAgo && context.factorMinutesAgo < ${minutes}
};`,
    cases: [
      { title: 'shown just now', factors: ['password', 'totp'], factorMinutesAgo: 3, expect: 'pass' },
      { title: 'shown an hour ago', factors: ['password', 'totp'], factorMinutesAgo: 60, expect: 'challenge' },
      { title: 'a password alone', factorMinutesAgo: 1, expect: 'challenge' },
      { title: 'elsewhere', segments: ['lab'], expect: 'pass' },
    ],
  },
  {
    name: 'office-hours',
    summary: 'A segment is open in office hours, Monday to Friday, in the time zone of the organization.',
    parameters: [
      SEGMENT,
      { name: 'from', summary: 'first hour', kind: 'hour', default: '8' },
      { name: 'to', summary: 'the hour when it closes', kind: 'hour', default: '18' },
    ],
    text: ({ segment, from, to }) => `@description("In office hours alone.")
@advice("It is open from Monday to Friday, ${from} to ${to} o'clock.")
forbid (principal, action, resource in Segment::${segment})
unless { context.time.weekday < 6 && context.time.hour >= ${from} && context.time.hour < ${to} };`,
    cases: [
      { title: 'Wednesday noon', expect: 'pass' },
      { title: 'Wednesday evening', at: '2026-11-25T18:00:00Z', expect: 'deny' },
      { title: 'Saturday noon', at: '2026-11-28T12:00:00Z', expect: 'deny' },
      { title: 'Saturday noon elsewhere', at: '2026-11-28T12:00:00Z', segments: ['lab'], expect: 'pass' },
    ],
  },
  {
    name: 'change-freeze',
    summary: 'Nothing in a segment is changed between two times; reading goes on.',
    parameters: [
      SEGMENT,
      { name: 'from', summary: 'when it begins', kind: 'instant', default: null, example: '2026-12-20T00:00:00Z' },
      { name: 'until', summary: 'when it ends', kind: 'instant', default: null, example: '2027-01-03T00:00:00Z' },
    ],
    text: ({ segment, from, until }) => `@description("Nothing is changed during the freeze.")
@advice("Changes are frozen now; reading works.")
forbid (principal, action == Action::"write", resource in Segment::${segment})
when { context.now >= ${from} && context.now < ${until} };`,
    cases: [
      { title: 'a change before', action: 'write', at: '2026-12-19T23:59:00Z', expect: 'pass' },
      { title: 'a change within', action: 'write', at: '2026-12-24T12:00:00Z', expect: 'deny' },
      { title: 'reading within', at: '2026-12-24T12:00:00Z', expect: 'pass' },
      { title: 'a change afterwards', action: 'write', at: '2027-01-03T00:00:00Z', expect: 'pass' },
    ],
  },
  {
    name: 'known-networks',
    summary: 'A segment is reached from some networks only.',
    parameters: [
      SEGMENT,
      {
        name: 'networks',
        summary: 'where from',
        kind: 'networks',
        default: null,
        example: '192.0.2.0/24,2001:db8::/32',
      },
    ],
    text: ({ segment, networks }) => `@description("From known networks alone.")
forbid (principal, action, resource in Segment::${segment})
unless {
  ${networks}
};`,
    cases: [
      { title: 'from one of them', address: '192.0.2.7', expect: 'pass' },
      { title: 'from another one of them', address: '2001:db8::7', expect: 'pass' },
      { title: 'from elsewhere', address: '198.51.100.7', expect: 'deny' },
    ],
  },
  {
    name: 'countries',
    summary: 'A segment is reached from some countries only; whose country is unknown, is kept out.',
    parameters: [
      SEGMENT,
      { name: 'countries', summary: 'where from', kind: 'countries', default: null, example: 'CH,DE' },
    ],
    text: ({ segment, countries }) => `@description("From some countries alone.")
@advice("It cannot be used from the country that you are in.")
forbid (principal, action, resource in Segment::${segment})
unless { context has country && ${countries}.contains(context.country) };`,
    cases: [
      { title: 'from one of them', address: '193.5.0.1', country: 'CH', expect: 'pass' },
      { title: 'from another country', address: '8.8.8.8', country: 'US', expect: 'deny' },
      { title: 'from an address without a country', address: '10.0.0.1', expect: 'deny' },
      { title: 'from another country, elsewhere', country: 'US', segments: ['lab'], expect: 'pass' },
    ],
  },
  {
    name: 'country-step-up',
    summary: 'Outside of some countries, and where the country is unknown, everybody shows a second factor.',
    parameters: [
      { name: 'countries', summary: 'where none is needed', kind: 'countries', default: null, example: 'CH' },
    ],
    text: ({ countries }) => `@description("A second factor outside of some countries.")
@step_up
forbid (principal is User, action, resource)
unless { context has country && ${countries}.contains(context.country) }
unless { context.factors.containsAny(["totp", "passkey"]) };`,
    cases: [
      { title: 'at home, with a password', country: 'CH', expect: 'pass' },
      { title: 'abroad, with a password', country: 'US', expect: 'challenge' },
      { title: 'abroad, with an authenticator app', country: 'US', factors: ['password', 'totp'], expect: 'pass' },
      { title: 'nobody knows where, with a password', expect: 'challenge' },
    ],
  },
  {
    name: 'healthy-device',
    summary: 'Forwards into a segment need a device with an encrypted disk and a screen lock, reported within a day.',
    parameters: [SEGMENT, { ...MINUTES, summary: 'how old its report may be', default: '1440' }],
    text: ({ segment, minutes }) => `@description("From devices with an encrypted disk and a screen lock.")
@advice("Encrypt the disk of your device and lock its screen; then try again.")
forbid (principal, action == Action::"forward", resource in Segment::${segment})
unless {
  context has device &&
  context.device has reportedMinutesAgo && context.device.reportedMinutesAgo < ${minutes} &&
  context.device has diskEncryption && context.device.diskEncryption &&
  context.device has screenLock && context.device.screenLock
};`,
    cases: [
      {
        title: 'a healthy device',
        action: 'forward',
        device: { diskEncryption: 'on', screenLock: 'on', reportedMinutesAgo: 10 },
        expect: 'pass',
      },
      {
        title: 'its disk is not encrypted',
        action: 'forward',
        device: { diskEncryption: 'off', screenLock: 'on', reportedMinutesAgo: 10 },
        expect: 'deny',
      },
      {
        title: 'nobody knows whether its screen locks',
        action: 'forward',
        device: { diskEncryption: 'on', screenLock: 'unknown', reportedMinutesAgo: 10 },
        expect: 'deny',
      },
      {
        title: 'an old report',
        action: 'forward',
        device: { diskEncryption: 'on', screenLock: 'on', reportedMinutesAgo: 2000 },
        expect: 'deny',
      },
      { title: 'no device is known', action: 'forward', expect: 'deny' },
      { title: 'a forward elsewhere', action: 'forward', segments: ['lab'], expect: 'pass' },
    ],
  },
  {
    name: 'risk-limit',
    summary: 'Whose risk is above a limit is kept out, everywhere and at once.',
    parameters: [RISK],
    text: ({ risk }) => `@description("Keeps out whose risk is above the limit.")
forbid (principal, action, resource)
when { context.risk > ${risk} };`,
    cases: [
      { title: 'at the limit', risk: 70, expect: 'pass' },
      { title: 'above it', risk: 71, expect: 'deny' },
    ],
  },
  {
    name: 'risk-step-up',
    summary: 'Whose risk is above a limit signs in again with a second factor.',
    parameters: [
      { ...RISK, default: '30' },
      { ...MINUTES, default: '5' },
    ],
    text: ({ risk, minutes }) => `@description("Asks again whose risk is above the limit.")
@step_up
forbid (principal is User, action, resource)
when { context.risk > ${risk} }
unless {
  context.factors.containsAny(["totp", "passkey"]) &&
  context has factorMinutesAgo && context.factorMinutesAgo < ${minutes}
};`,
    cases: [
      { title: 'no risk', expect: 'pass' },
      {
        title: 'risk, and a factor shown just now',
        risk: 50,
        factors: ['passkey'],
        factorMinutesAgo: 1,
        expect: 'pass',
      },
      { title: 'risk, and an old sign-in', risk: 50, factors: ['passkey'], factorMinutesAgo: 60, expect: 'challenge' },
    ],
  },
  {
    name: 'no-guests',
    summary: 'Nobody but users gets into a segment, whatever is public, shared or opened by a password there.',
    parameters: [SEGMENT],
    text: ({ segment }) => `@description("Never for guests, whatever a resource says.")
forbid (principal is Guest, action, resource in Segment::${segment});`,
    cases: [
      { title: 'anybody of a public resource, where nobody is asked who they are', mode: 'public', expect: 'deny' },
      { title: 'a user of a resource with sign-in', expect: 'pass' },
      { title: 'a visitor of a public resource', who: 'visitor', mode: 'public', expect: 'deny' },
      { title: 'a visitor elsewhere', who: 'visitor', mode: 'public', segments: ['www'], expect: 'pass' },
    ],
  },
  {
    name: 'no-tokens',
    summary: 'Personal access tokens do not open a segment; people sign in.',
    parameters: [SEGMENT],
    text: ({ segment }) => `@description("Not with a personal access token.")
forbid (principal, action, resource in Segment::${segment})
when { context.by == "personal_access_token" };`,
    cases: [
      { title: 'signed in', expect: 'pass' },
      { title: 'with a token', by: 'personal_access_token', expect: 'deny' },
      { title: 'with a token elsewhere', by: 'personal_access_token', segments: ['lab'], expect: 'pass' },
    ],
  },
  {
    name: 'admin-paths',
    summary: 'A part of a web application is for one group.',
    parameters: [
      SEGMENT,
      { name: 'group', summary: 'who may go there', kind: 'name', default: 'admins' },
      { name: 'path', summary: 'where it begins', kind: 'path', default: '/admin' },
    ],
    text: ({ segment, group, path }) => `@description("A part of the application for one group.")
forbid (principal, action in [Action::"read", Action::"write", Action::"connect"], resource in Segment::${segment})
when { context has http && context.http.path like ${path} }
unless { principal in Group::${group} };`,
    cases: [
      { title: 'an administrator there', groups: ['admins'], method: 'GET', path: '/admin/users', expect: 'pass' },
      { title: 'somebody else there', method: 'GET', path: '/admin/users', expect: 'deny' },
      { title: 'somebody else next to it', method: 'GET', path: '/home', expect: 'pass' },
    ],
  },
];
