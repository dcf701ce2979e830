import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { Reason } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { postureReport, startFixture } from '../../testing/fixture.suite.ts';
import { readOrganization } from '../organizations/organization-facts.ts';

const POLICY = '/api/v1/organizations/current/device-policy';

eachDatabase('a device says what it is like, dated and signed by its key', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { clock, context } = fixture;
  const ours = await fixture.organization();
  const member = await ours.user('member');
  const device = await ours.enrolDevice(member.key);
  const other = await ours.enrolDevice(member.key);
  const send = async (report: string, key = member.key, id = device.id) =>
    await ours.call('POST', `/api/v1/devices/${id}/posture`, { report }, { key });
  const version = async () => (await readOrganization(context, ours.id)).devices;
  assert.equal((await version()).find(({ id }) => id === device.id)?.posture, undefined);

  const first = await postureReport(device, clock.nowMs);
  assert.equal((await send(first)).statusCode, 204);
  const listed = (await ours.call('GET', '/api/v1/devices')).json().items;
  const posture = listed.find(({ id }: { id: string }) => id === device.id).posture;
  assert.deepEqual(
    [posture.facts.os, posture.facts.diskEncryption, posture.collectedAt],
    ['debian', 'on', new Date(clock.nowMs).toISOString()],
  );
  assert.equal(listed.find(({ id }: { id: string }) => id === other.id).posture, null);
  assert.equal((await version()).find(({ id }) => id === device.id)?.posture?.facts.firewall, 'unknown');

  clock.nowMs += 1_000;
  const now = clock.nowMs;
  const strange = generateKeyPairSync('ed25519').privateKey;
  const { d: _, ...strangeJwk } = strange.export({ format: 'jwk' });
  const [header, claims, signature] = (await postureReport(device, now)).split('.') as [string, string, string];
  const better = Buffer.from(Buffer.from(claims, 'base64url').toString().replace('"off"', '"on"')).toString(
    'base64url',
  );
  const cases: [string, string, Reason][] = [
    ['no JWS', 'x', 'posture.invalid'],
    ['empty', '..', 'posture.invalid'],
    ['facts changed', `${header}.${better}.${signature}`, 'posture.signature'],
    ['no signature', `${header}.${claims}.`, 'posture.signature'],
    [
      'another key, its own',
      await postureReport(device, now, { key: strange, header: { jwk: strangeJwk } }),
      'posture.signature',
    ],
    ['another key, our name', await postureReport(device, now, { key: strange }), 'posture.signature'],
    ['no key', await postureReport(device, now, { header: { jwk: undefined } }), 'posture.invalid'],
    ['another kind of token', await postureReport(device, now, { header: { typ: 'JWT' } }), 'posture.invalid'],
    ['of another device of mine', await postureReport(other, now), 'posture.signature'],
    ['names another device', await postureReport(device, now, { claims: { deviceId: other.id } }), 'posture.invalid'],
    ['of yesterday', await postureReport(device, now - 86_400_000), 'posture.date'],
    ['of tomorrow', await postureReport(device, now + 86_400_000), 'posture.date'],
    ['the same again', first, 'posture.date'],
    ['unknown facts', await postureReport(device, now, { facts: { root: true } }), 'posture.invalid'],
    ['a fact that is none', await postureReport(device, now, { facts: { firewall: 'maybe' } }), 'posture.invalid'],
  ];
  for (const [name, report, reason] of cases) {
    const answer = await send(report);
    assert.equal(answer.json().reason, reason, `${name}: ${answer.body}`);
  }
  const good = await postureReport(device, now);
  assert.equal((await send(good, ours.key)).statusCode, 403, 'somebody else for it');
  assert.equal((await send(good)).statusCode, 204);

  await ours.call('DELETE', `/api/v1/devices/${device.id}`);
  clock.nowMs += 1_000;
  assert.equal((await send(await postureReport(device, clock.nowMs))).statusCode, 404, 'revoked');
});

eachDatabase('where a person approves devices, a new one reaches nothing before', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context } = fixture;
  const ours = await fixture.organization();
  const theirs = await fixture.organization();
  const member = await ours.user('member');
  const before = await ours.enrolDevice(member.key);
  const pendingOf = async (id: string) =>
    (await readOrganization(context, ours.id)).devices.find((one) => one.id === id)?.pending;

  assert.equal(
    (await ours.call('PUT', POLICY, {}, { key: member.key, headers: { 'if-match': '"1"' } })).statusCode,
    403,
  );
  const input = { approval: 'by_person', processes: ['clamd'], files: ['/etc/managed'] };
  const set = await ours.call('PUT', POLICY, input, { headers: { 'if-match': '"1"' } });
  assert.equal(set.statusCode, 200, set.body);
  assert.equal((await ours.call('PUT', POLICY, input, { headers: { 'if-match': '"1"' } })).statusCode, 412);
  assert.deepEqual((await ours.call('GET', POLICY, undefined, { key: member.key })).json().processes, ['clamd']);
  assert.equal((await theirs.call('GET', POLICY)).json().approval, 'automatic');
  for (const bad of [{ files: ['etc/passwd'] }, { files: ['/a/../b'] }, { processes: ['a b'] }]) {
    assert.equal((await ours.call('PUT', POLICY, bad, { headers: { 'if-match': '"2"' } })).statusCode, 400);
  }

  const device = await ours.enrolDevice(member.key);
  assert.equal(await pendingOf(before.id), undefined, 'who was in stays in');
  assert.equal(await pendingOf(device.id), true);
  const path = `/api/v1/devices/${device.id}/approval`;
  assert.equal(
    (await ours.call('POST', path, undefined, { key: member.key })).statusCode,
    403,
    'nobody approves their own',
  );
  assert.equal((await theirs.call('POST', path)).statusCode, 404);
  const approved = await ours.call('POST', path);
  assert.notEqual(approved.json().approvedAt, null, approved.body);
  assert.equal(await pendingOf(device.id), undefined);
  assert.equal((await ours.call('POST', path)).json().approvedAt, approved.json().approvedAt);
  const actions = (await ours.call('GET', '/api/v1/audit')).json().items.map((one: { action: string }) => one.action);
  assert.equal(actions.filter((action: string) => action === 'device.approve').length, 1);
});
