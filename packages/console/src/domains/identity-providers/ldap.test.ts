import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryDirectory } from '@zeronaut/testkit';
import { Attribute, Change } from 'ldapts';
import { createOutbound } from '../../outbound/outbound.ts';
import { Refusal } from '../../store/refusal.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { SLAPD_MISSING, startSlapd } from '../../testing/slapd.suite.ts';
import { askDirectory, escapeDn } from './ldap.ts';
import { findEnabledProvider, type Provider } from './provider-rows.ts';

test('a value stays a value within a distinguished name', () => {
  assert.equal(escapeDn('ann,ou=admins'), 'ann\\,ou\\=admins');
  assert.equal(escapeDn('#a "b" <c>;d+e\\ '), '\\#a \\"b\\" \\<c\\>\\;d\\+e\\\\\\ ');
});

test('people of a directory sign in', { skip: SLAPD_MISSING }, async (t) => {
  const slapd = await startSlapd(t);
  const fixture = await startFixture(t, { kind: 'sqlite', file: '', url: `sqlite:${temporaryDirectory(t)}/z.db` });
  const { context } = fixture;
  const organization = await fixture.organization();
  const base = {
    kind: 'ldap',
    url: slapd.ldapsUrl,
    certificateAuthority: slapd.certificateAuthority,
    bindDn: slapd.adminDn,
    baseDn: 'ou=people,dc=corp,dc=example',
    groupBaseDn: 'ou=groups,dc=corp,dc=example',
  };
  const made = await organization.call('POST', '/api/v1/identity-providers', {
    name: 'directory',
    settings: base,
    secret: slapd.adminPassword,
    createUsers: true,
    groupMappings: [
      { from: 'staff', group: 'staff' },
      { from: 'CN=Engineering,OU=Groups,DC=corp,DC=example', group: 'dev', role: 'operator' },
    ],
  });
  assert.equal(made.statusCode, 201, made.body);
  const { id } = made.json();
  await organization.call('POST', `/api/v1/identity-providers/${id}/domains`, {
    domain: 'corp.example',
    proof: 'owner',
  });
  const stored = (await findEnabledProvider(context.store.db, id)) as Provider<'ldap'>;
  const variant = (settings: object): Provider<'ldap'> => ({
    ...stored,
    settings: { ...stored.settings, ...settings },
  });
  const ask = async (username: string, password: string, settings: object = {}) => {
    const result = await askDirectory(context, variant(settings), username, password);
    return result instanceof Refusal ? result.reason : result;
  };
  const names = async (settings: object) => {
    const identity = await ask('ann', 'ann-password', settings);
    return typeof identity === 'string'
      ? identity
      : identity.groups
          .filter((name) => !name.includes('='))
          .sort()
          .join();
  };

  await t.test('through the sign-in form, with groups through all levels', async () => {
    const signIn = (email: string, password: string) =>
      organization.call('POST', '/api/v1/sessions', { email, password }, { key: null });
    const answer = await signIn('ann@corp.example', 'ann-password');
    assert.equal(answer.statusCode, 201, answer.body);
    const { user } = answer.json();
    assert.deepEqual([user.name, user.role, user.groups], ['Ann Example', 'operator', ['dev', 'staff']]);
    assert.equal((await signIn('ann@corp.example', 'wrong')).json().reason, 'api.credentials_invalid');
    assert.equal((await signIn('nobody@corp.example', 'wrong')).json().reason, 'api.credentials_invalid');
  });

  await t.test('each way to groups finds the same, circles included', async () => {
    for (const groups of ['member_of', 'member'])
      assert.equal(await names({ groups }), 'backend,engineering,staff', groups);
    assert.equal(await names({ groups: 'none' }), '');
    // OpenLDAP does not know the matching rule; a filter that it cannot evaluate finds nothing, and nothing breaks.
    assert.equal(await names({ groups: 'matching_rule' }), '');
  });

  await t.test('by StartTLS and by a direct bind', async () => {
    const direct = {
      url: slapd.ldapUrl,
      startTls: true,
      bindDn: null,
      userDn: 'uid={username},ou=people,dc=corp,dc=example',
    };
    assert.equal(typeof (await ask('ann', 'ann-password', direct)), 'object');
    assert.equal(await ask('ann', 'bob-password', direct), 'api.credentials_invalid');
    assert.equal(await ask('ann,ou=people', 'ann-password', direct), 'api.credentials_invalid');
    assert.equal(await ask('ann', 'ann-password', { ...direct, certificateAuthority: null }), 'outbound.unreachable');
    assert.equal(await ask('ann', 'ann-password', { tlsServerName: 'other.example' }), 'outbound.unreachable');
  });

  await t.test('never with an empty password, a wildcard or a piece of a filter', async () => {
    const direct = { url: slapd.ldapUrl, bindDn: null, userDn: 'uid={username},ou=people,dc=corp,dc=example' };
    for (const settings of [{}, direct]) assert.equal(await ask('ann', '', settings), 'api.credentials_invalid');
    for (const name of [
      '*',
      'a*',
      'ann)(uid=*',
      'ann))(|(uid=*',
      '\\2a',
      'ann\0',
      '(',
      'twin@corp.example',
      'x'.repeat(300),
    ]) {
      assert.equal(await ask(name, 'ann-password'), 'api.credentials_invalid', name);
    }
  });

  await t.test('not while the directory locks them or wants a new password', async () => {
    for (let i = 0; i < 4; i++) assert.equal(await ask('bob', `wrong-${i}`), 'api.credentials_invalid');
    const locked = await askDirectory(context, stored, 'bob', 'bob-password');
    assert.ok(locked instanceof Refusal);
    assert.deepEqual([locked.reason, locked.detail], ['api.credentials_invalid', 'the directory locked the account']);
    const values = ['TRUE'];
    await slapd.admin.modify(
      'uid=ann,ou=people,dc=corp,dc=example',
      new Change({ operation: 'replace', modification: new Attribute({ type: 'pwdReset', values }) }),
    );
    assert.equal(await ask('ann', 'ann-password'), 'idp.password_expired');
  });

  await t.test('and the directory is dialled only where it may be, and with TLS', async () => {
    const strict = { ...context, outbound: createOutbound({ allow: [] }) };
    const refused = await askDirectory(strict, stored, 'ann', 'ann-password');
    assert.equal((refused as Refusal).reason, 'outbound.address_denied');
    const tested = await organization.call('POST', `/api/v1/identity-providers/${id}/test`);
    assert.equal(tested.json().ok, true, tested.body);
  });
});
