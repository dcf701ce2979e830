import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccessRule, accessRule, REASONS, type SnapshotUser, type Verdict } from '@zeronaut/model';
import { seededRandom } from '@zeronaut/testkit';
import { type AccessFacts, anonymousFacts, evaluateAccess } from './evaluate-access.ts';
import { matchesPrincipal } from './principal.ts';

const ORGANIZATION = 'org_1';
const HASH = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g';
const KEY = { kty: 'OKP', kid: 'k', crv: 'Ed25519', x: 'x' } as const;

function rule(parts: Partial<AccessRule> = {}): AccessRule {
  return { ...accessRule.parse({}), ...parts };
}
function user(parts: Partial<SnapshotUser> = {}): SnapshotUser {
  return {
    id: 'usr_ann',
    organizationId: ORGANIZATION,
    email: 'ann@example.com',
    name: 'Ann',
    role: 'member',
    groups: ['dev'],
    ...parts,
  };
}
function facts(parts: Partial<AccessFacts> = {}): AccessFacts {
  return { ...anonymousFacts(ORGANIZATION, '192.0.2.10'), ...parts };
}

const ann = user();
const stranger = user({ organizationId: 'org_2' });
const signedIn = { user: ann, sessionState: 'valid' } as const;
const withBasic = rule({ basic: [{ username: 'bot', passwordHash: HASH }] });
const withTokens = rule({ tokens: { audience: 'a', keys: [KEY] } });
const rightPassword = { basicTried: true, basicUser: 'bot' } as const;
const wrongPassword = { basicTried: true, basicUser: null } as const;
const rightToken = { tokenTried: true, tokenSubject: 'ci' } as const;
const wrongToken = { tokenTried: true, tokenSubject: null } as const;
const guest = { shareState: 'valid', shareId: 'shr_1' } as const;

const CASES: readonly [string, AccessRule, AccessFacts, string][] = [
  ['a public resource lets everybody in', rule({ mode: 'public' }), facts(), 'pass access.public'],
  [
    'public stays public for a revoked session',
    rule({ mode: 'public' }),
    facts({ sessionState: 'revoked' }),
    'pass access.public',
  ],
  ['nothing known: sign in', rule(), facts(), 'challenge access.session_missing'],
  ['an expired session: sign in again', rule(), facts({ sessionState: 'expired' }), 'challenge access.session_expired'],
  ['a revoked session', rule(), facts({ sessionState: 'revoked' }), 'challenge access.session_revoked'],
  ['a forged session', rule(), facts({ sessionState: 'invalid' }), 'challenge access.session_invalid'],
  ['a session of nobody active', rule(), facts({ sessionState: 'valid' }), 'deny access.user_disabled'],
  ['an empty allow list lets every user of the organization in', rule(), facts(signedIn), 'pass access.session'],
  ['but no user of another one', rule(), facts({ ...signedIn, user: stranger }), 'deny access.not_allowed'],
  [
    'not even one whom allow names',
    rule({ allow: ['ann@example.com'] }),
    facts({ ...signedIn, user: stranger }),
    'deny access.not_allowed',
  ],
  [
    'a user beside an expired session opens nothing',
    rule(),
    facts({ user: ann, sessionState: 'expired' }),
    'challenge access.session_expired',
  ],
  ['a user beside no session opens nothing', rule(), facts({ user: ann }), 'challenge access.session_missing'],
  ['named by address', rule({ allow: ['ann@example.com'] }), facts(signedIn), 'pass access.session'],
  ['named by group', rule({ allow: ['group:dev'] }), facts(signedIn), 'pass access.session'],
  ['named by role', rule({ allow: ['role:member'] }), facts(signedIn), 'pass access.session'],
  [
    'second of several names',
    rule({ allow: ['group:ops', 'ann@example.com'] }),
    facts(signedIn),
    'pass access.session',
  ],
  [
    'named by nothing',
    rule({ allow: ['bob@example.com', 'group:ops', 'role:owner'] }),
    facts(signedIn),
    'deny access.not_allowed',
  ],
  ['right password', withBasic, facts(rightPassword), 'pass access.basic'],
  ['wrong password', withBasic, facts(wrongPassword), 'challenge access.basic_invalid'],
  [
    'right password of a name that the rule has not',
    withBasic,
    facts({ ...rightPassword, basicUser: 'other' }),
    'challenge access.basic_invalid',
  ],
  ['a name without a try', withBasic, facts({ basicUser: 'bot' }), 'challenge access.session_missing'],
  ['a password where the rule has none', rule(), facts(rightPassword), 'challenge access.session_missing'],
  ['a wrong password where the rule has none', rule(), facts(wrongPassword), 'challenge access.session_missing'],
  ['wrong password beside a good session', withBasic, facts({ ...signedIn, ...wrongPassword }), 'pass access.session'],
  [
    'wrong password beside a session that is not listed',
    { ...withBasic, allow: ['group:ops'] },
    facts({ ...signedIn, ...wrongPassword }),
    'challenge access.basic_invalid',
  ],
  [
    'right password beside a session that is not listed',
    { ...withBasic, allow: ['group:ops'] },
    facts({ ...signedIn, ...rightPassword }),
    'pass access.basic',
  ],
  ['right token', withTokens, facts(rightToken), 'pass access.token'],
  ['a token with an empty subject', withTokens, facts({ ...rightToken, tokenSubject: '' }), 'pass access.token'],
  ['wrong token', withTokens, facts(wrongToken), 'challenge access.token_invalid'],
  ['a token where the rule takes none', rule(), facts(rightToken), 'challenge access.session_missing'],
  ['a subject without a try', withTokens, facts({ tokenSubject: 'ci' }), 'challenge access.session_missing'],
  ['a share', rule(), facts(guest), 'pass access.share'],
  ['a share without an id', rule(), facts({ shareState: 'valid' }), 'challenge access.session_missing'],
  ['an expired share', rule(), facts({ shareState: 'expired' }), 'challenge access.share_expired'],
  [
    'an id beside an expired share',
    rule(),
    facts({ shareState: 'expired', shareId: 'shr_1' }),
    'challenge access.share_expired',
  ],
  ['a forged share', rule(), facts({ shareState: 'invalid' }), 'challenge access.share_invalid'],
  ['an authorised address', rule(), facts({ addressGrant: { user: ann } }), 'pass access.address_authorised'],
  [
    'authorised by somebody who is not listed any more',
    rule({ allow: ['group:ops'] }),
    facts({ addressGrant: { user: ann } }),
    'deny access.not_allowed',
  ],
  [
    'authorised by another organization',
    rule(),
    facts({ addressGrant: { user: stranger } }),
    'challenge access.session_missing',
  ],
  ['a listed address', rule({ addresses: ['192.0.2.10'] }), facts(), 'pass access.address'],
  ['a listed network', rule({ addresses: ['198.51.100.0/24', '192.0.2.0/24'] }), facts(), 'pass access.address'],
  ['just outside a network', rule({ addresses: ['192.0.2.0/29'] }), facts(), 'challenge access.session_missing'],
  [
    'an IPv4-mapped address counts as IPv4',
    rule({ addresses: ['192.0.2.0/24'] }),
    facts({ address: '::ffff:192.0.2.10' }),
    'pass access.address',
  ],
  ['every IPv6 address is no IPv4 address', rule({ addresses: ['::/0'] }), facts(), 'challenge access.session_missing'],
  ['an IPv6 network', rule({ addresses: ['2001:db8::/32'] }), facts({ address: '2001:db8::1' }), 'pass access.address'],
  ['zero bits mean everybody', rule({ addresses: ['0.0.0.0/0'] }), facts(), 'pass access.address'],
  [
    'an entry that is no network opens nothing',
    rule({ addresses: ['192.0.2.10/99', 'nonsense', ''] }),
    facts(),
    'challenge access.session_missing',
  ],
  [
    'an address that is none matches nothing',
    rule({ addresses: ['0.0.0.0/0', '::/0'] }),
    facts({ address: 'unknown' }),
    'challenge access.session_missing',
  ],
  [
    'who somebody is goes before where they are',
    rule({ addresses: ['0.0.0.0/0'] }),
    facts(signedIn),
    'pass access.session',
  ],
  [
    'not listed, but at a listed address',
    rule({ allow: ['group:ops'], addresses: ['192.0.2.10'] }),
    facts(signedIn),
    'pass access.address',
  ],
  ['an unknown mode is no public one', rule({ mode: 'open' as 'public' }), facts(signedIn), 'deny access.no_rule'],
  [
    'a group that is called like a prototype member',
    rule({ allow: ['group:constructor'] }),
    facts(signedIn),
    'deny access.not_allowed',
  ],
  [
    'a credential that is called like one',
    rule({ basic: [{ username: '__proto__', passwordHash: HASH }] }),
    facts({ ...rightPassword, basicUser: 'toString' }),
    'challenge access.basic_invalid',
  ],
];

for (const [name, given, known, expected] of CASES) {
  test(`access: ${name}`, () => {
    const verdict = evaluateAccess(given, known);
    assert.equal(`${verdict.effect} ${verdict.reason}`, expected);
  });
}

test('principals compare exactly', () => {
  const cases: readonly [string, SnapshotUser, boolean][] = [
    ['ann@example.com', ann, true],
    ['Ann@example.com', ann, false],
    ['ann@example.co', ann, false],
    ['ann@example.com.evil', ann, false],
    ['group:dev', ann, true],
    ['group:de', ann, false],
    ['group:', user({ groups: [''] }), true],
    ['group:', ann, false],
    ['role:member', ann, true],
    ['role:owner', ann, false],
    ['dev', ann, false],
    ['member', ann, false],
    ['', user({ email: '' }), false],
    ['group:dev', user({ groups: [], email: 'group:dev' }), false],
    ['\u212Aim@example.com', user({ email: 'kim@example.com' }), false],
    ['group:__proto__', ann, false],
    ['group:length', ann, false],
  ];
  for (const [principal, who, expected] of cases) {
    assert.equal(matchesPrincipal(principal, who), expected, `${principal} for ${who.email}`);
  }
});

/** The same decision, slow and obvious: which doors are open at all, then which name the answer bears. */
function twin(given: AccessRule, known: AccessFacts): Verdict {
  if (given.mode === 'public') return { effect: 'pass', reason: 'access.public' };
  const listed = (who: SnapshotUser | null) => {
    if (who === null || who.organizationId !== known.organizationId) return false;
    if (given.allow.length === 0) return true;
    const names = [who.email, `role:${who.role}`, ...who.groups.map((group) => `group:${group}`)];
    return given.allow.filter((entry) => names.includes(entry)).length > 0;
  };
  const toNumber = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const inside = (network: string) => {
    const [base, bits = '32'] = network.split('/');
    const size = 2 ** (32 - Number(bits));
    return Math.floor(toNumber(known.address) / size) === Math.floor(toNumber(base!) / size);
  };
  const open: Record<string, boolean> = {
    'access.session': known.sessionState === 'valid' && listed(known.user),
    'access.basic':
      known.basicTried && given.basic.filter((credential) => credential.username === known.basicUser).length > 0,
    'access.token': given.tokens !== null && known.tokenTried && known.tokenSubject !== null,
    'access.share': known.shareState === 'valid' && known.shareId !== null,
    'access.address_authorised': known.addressGrant !== null && listed(known.addressGrant.user),
    'access.address': given.addresses.filter(inside).length > 0,
  };
  for (const [reason, isOpen] of Object.entries(open)) {
    if (isOpen) return { effect: 'pass', reason } as Verdict;
  }
  if (known.basicTried && given.basic.length > 0) return { effect: 'challenge', reason: 'access.basic_invalid' };
  if (known.tokenTried && given.tokens !== null) return { effect: 'challenge', reason: 'access.token_invalid' };
  if (known.shareState === 'expired' || known.shareState === 'invalid') {
    return { effect: 'challenge', reason: `access.share_${known.shareState}` };
  }
  if (known.sessionState === 'none') {
    const isKnown = known.addressGrant !== null && known.addressGrant.user.organizationId === known.organizationId;
    if (isKnown) return { effect: 'deny', reason: 'access.not_allowed' };
    return { effect: 'challenge', reason: 'access.session_missing' };
  }
  if (known.sessionState !== 'valid') return { effect: 'challenge', reason: `access.session_${known.sessionState}` };
  return { effect: 'deny', reason: known.user === null ? 'access.user_disabled' : 'access.not_allowed' };
}

test('the decision agrees with a slow and obvious twin on random rules and facts', (t) => {
  const random = seededRandom(undefined, t);
  const groups = ['dev', 'ops', 'constructor', '__proto__'];
  const addresses = ['192.0.2.10', '192.0.2.200', '10.0.0.1', '255.255.255.255'];
  const networks = ['192.0.2.0/24', '192.0.2.128/25', '10.0.0.1', '0.0.0.0/0', '128.0.0.0/1'];
  const principals = [
    'ann@example.com',
    'bob@example.com',
    'group:dev',
    'group:__proto__',
    'role:owner',
    'role:member',
  ];
  const names = ['bot', 'toString', '__proto__'];
  const some = <T>(values: readonly T[]) => values.filter(() => random.next() < 0.3);
  const anyone = () =>
    user({
      organizationId: random.pick([ORGANIZATION, ORGANIZATION, 'org_2']),
      email: random.pick(['ann@example.com', 'bob@example.com']),
      role: random.pick(['owner', 'member'] as const),
      groups: some(groups),
    });
  const seen = new Set<string>();
  for (let round = 0; round < 20_000; round++) {
    const given = rule({
      mode: random.next() < 0.05 ? 'public' : 'login',
      allow: some(principals),
      addresses: random.next() < 0.5 ? [] : some(networks),
      basic: some(names).map((username) => ({ username, passwordHash: HASH })),
      tokens: random.next() < 0.5 ? null : withTokens.tokens,
    });
    const known = facts({
      address: random.pick(addresses),
      user: random.next() < 0.5 ? null : anyone(),
      sessionState: random.pick(['none', 'valid', 'valid', 'expired', 'revoked', 'invalid'] as const),
      basicTried: random.next() < 0.3,
      basicUser: random.pick([null, ...names]),
      tokenTried: random.next() < 0.3,
      tokenSubject: random.pick([null, '', 'ci']),
      shareState: random.pick(['none', 'none', 'none', 'valid', 'expired', 'invalid'] as const),
      shareId: random.pick([null, 'shr_1']),
      addressGrant: random.next() < 0.7 ? null : { user: anyone() },
    });
    const verdict = evaluateAccess(given, known);
    seen.add(verdict.reason);
    assert.deepEqual(verdict, twin(given, known), `seed ${random.seed}, round ${round}`);
    assert.ok(Object.hasOwn(REASONS, verdict.reason));
  }
  assert.ok(seen.size >= 16, `only ${seen.size} reasons came up`);
});
