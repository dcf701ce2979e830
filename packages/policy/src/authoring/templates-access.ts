import type { PolicyTemplate, TemplateParameter } from './templates.ts';

/** Templates that let people in, or say who of them. */
export const SEGMENT: TemplateParameter = {
  name: 'segment',
  summary: 'what it is about',
  kind: 'name',
  default: 'prod',
};

function group(name: string): TemplateParameter {
  return { name: 'group', summary: 'who it is about', kind: 'name', default: name };
}

export const ACCESS_TEMPLATES: readonly PolicyTemplate[] = [
  {
    name: 'team-access',
    summary: 'A group may use everything in a segment, whatever the rules of its resources say.',
    parameters: [group('dev'), SEGMENT],
    text: ({ group, segment }) => `@description("A group may use everything in a segment.")
permit (principal in Group::${group}, action in Action::"access", resource in Segment::${segment});`,
    cases: [
      { title: 'a member of the group', groups: ['dev'], mode: 'policy', expect: 'pass' },
      {
        title: 'a member of the group, changing something',
        groups: ['dev'],
        mode: 'policy',
        action: 'write',
        expect: 'pass',
      },
      { title: 'somebody else', groups: ['sales'], mode: 'policy', expect: 'deny' },
      { title: 'another segment', groups: ['dev'], segments: ['lab'], mode: 'policy', expect: 'deny' },
    ],
  },
  {
    name: 'read-only-group',
    summary: 'A group, such as auditors, looks at everything and changes nothing.',
    parameters: [group('auditors')],
    text: ({ group }) => `@description("A group looks and changes nothing.")
@advice("You may look here, and not change anything.")
forbid (
  principal in Group::${group},
  action in [Action::"write", Action::"connect", Action::"forward"],
  resource
);`,
    cases: [
      { title: 'an auditor who reads', groups: ['auditors'], expect: 'pass' },
      { title: 'an auditor who writes', groups: ['auditors'], action: 'write', expect: 'deny' },
      { title: 'an auditor who opens a raw connection', groups: ['auditors'], action: 'connect', expect: 'deny' },
      { title: 'somebody else who writes', action: 'write', expect: 'pass' },
    ],
  },
  {
    name: 'contractors-until',
    summary: 'A group of contractors gets in until a date, and not after it.',
    parameters: [
      group('contractors'),
      { name: 'until', summary: 'when it ends', kind: 'instant', default: null, example: '2027-01-31T18:00:00Z' },
    ],
    text: ({ group, until }) => `@description("Contractors until the end of their contract.")
@advice("Your contract has ended.")
forbid (principal in Group::${group}, action, resource)
when { context.now >= ${until} };`,
    cases: [
      { title: 'a contractor before', groups: ['contractors'], at: '2027-01-31T17:59:00Z', expect: 'pass' },
      { title: 'a contractor afterwards', groups: ['contractors'], at: '2027-01-31T18:00:00Z', expect: 'deny' },
      { title: 'an employee afterwards', at: '2027-02-01T10:00:00Z', expect: 'pass' },
    ],
  },
  {
    name: 'contractors-only-here',
    summary: 'A group of contractors uses one segment and nothing else.',
    parameters: [group('contractors'), { ...SEGMENT, default: 'contractors' }],
    text: ({ group, segment }) => `@description("Contractors use one segment and nothing else.")
forbid (principal in Group::${group}, action, resource)
unless { resource in Segment::${segment} };`,
    cases: [
      { title: 'a contractor in their segment', groups: ['contractors'], segments: ['contractors'], expect: 'pass' },
      { title: 'a contractor elsewhere', groups: ['contractors'], expect: 'deny' },
      { title: 'a contractor where there is no segment', groups: ['contractors'], segments: [], expect: 'deny' },
      { title: 'an employee', expect: 'pass' },
    ],
  },
  {
    name: 'break-glass',
    summary:
      'A group may use a segment in an emergency, with a second factor shown minutes ago. Each use becomes an incident.',
    parameters: [
      group('on-call'),
      SEGMENT,
      { name: 'minutes', summary: 'how old the sign-in may be', kind: 'number', default: '5' },
    ],
    text: ({
      group,
      segment,
      minutes,
    }) => `@description("Emergency access; each use becomes an incident, and is in the access events under this policy.")
@alarm("Emergency access was used.")
permit (principal in Group::${group}, action in Action::"access", resource in Segment::${segment})
when {
  context.factors.containsAny(["totp", "passkey"]) &&
  context has factorMinutesAgo && context.factorMinutesAgo < ${minutes}
};`,
    cases: [
      {
        title: 'on call, with a fresh second factor',
        groups: ['on-call'],
        mode: 'policy',
        factors: ['password', 'totp'],
        factorMinutesAgo: 2,
        expect: 'pass',
      },
      {
        title: 'on call, signed in this morning',
        groups: ['on-call'],
        mode: 'policy',
        factors: ['password', 'totp'],
        factorMinutesAgo: 200,
        expect: 'deny',
      },
      {
        title: 'on call, with a password alone',
        groups: ['on-call'],
        mode: 'policy',
        factorMinutesAgo: 1,
        expect: 'deny',
      },
      { title: 'somebody else', mode: 'policy', factors: ['passkey'], factorMinutesAgo: 1, expect: 'deny' },
    ],
  },
  {
    name: 'approved-only',
    summary: 'A segment is only for those whose access request was approved.',
    parameters: [SEGMENT],
    text: ({ segment }) => `@description("Only with an approved access request.")
@advice("Ask for access first; an approver has to agree.")
forbid (principal, action, resource in Segment::${segment})
unless { context.granted };`,
    cases: [
      { title: 'with an approved request', granted: true, expect: 'pass' },
      { title: 'without', expect: 'deny' },
      { title: 'without, elsewhere', segments: ['lab'], expect: 'pass' },
    ],
  },
  {
    name: 'services-only',
    summary: 'A segment is for service accounts, and not for people.',
    parameters: [{ ...SEGMENT, default: 'internal-api' }],
    text: ({ segment }) => `@description("For programs, not for people.")
forbid (principal, action, resource in Segment::${segment})
unless { principal is ServiceAccount };`,
    cases: [
      { title: 'a service account', who: 'service account', segments: ['internal-api'], expect: 'pass' },
      { title: 'a person', segments: ['internal-api'], expect: 'deny' },
      {
        title: 'a visitor of a public resource',
        who: 'visitor',
        mode: 'public',
        segments: ['internal-api'],
        expect: 'deny',
      },
      { title: 'a person elsewhere', expect: 'pass' },
    ],
  },
  {
    name: 'people-only',
    summary: 'A segment is for people, and not for service accounts.',
    parameters: [SEGMENT],
    text: ({ segment }) => `@description("For people, not for programs.")
forbid (principal is ServiceAccount, action, resource in Segment::${segment});`,
    cases: [
      { title: 'a person', expect: 'pass' },
      { title: 'a service account', who: 'service account', expect: 'deny' },
      { title: 'a service account elsewhere', who: 'service account', segments: ['lab'], expect: 'pass' },
    ],
  },
];
