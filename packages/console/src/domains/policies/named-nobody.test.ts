import assert from 'node:assert/strict';
import type { PolicyProblem } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';

eachDatabase('what a policy names and there is not is said when it is checked and applied', async (t, database) => {
  const fixture = await startFixture(t, database);
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const post = async (path: string, body: object, organization = ours) => {
    const answer = await organization.call('POST', `/api/v1/${path}`, body);
    assert.ok(answer.statusCode < 300, answer.body);
    return answer.json();
  };
  const resource = (organization: typeof ours) =>
    post('resources', { name: 'wiki', targets: [{ address: '10.0.0.1:80' }] }, organization);
  const [wiki, foreign] = [await resource(ours), await resource(theirs)];
  const { user } = await ours.user('member');
  const found = async (head: string): Promise<PolicyProblem[]> =>
    (await post('policies/check', { text: `permit (${head});` })).warnings;
  const warnings = async (head: string): Promise<string[]> => (await found(head)).map(({ message }) => message);
  const nothing = async (head: string) => assert.deepEqual(await warnings(head), [], head);

  await nothing(`principal == User::"${user.id}", action, resource == Resource::"${wiki.id}"`);
  await nothing('principal in Role::"admin", action, resource');
  assert.match((await warnings('principal == User::"usr_typo", action, resource'))[0]!, /^there is no user usr_typo/);
  // What another organization has is as if it were not there.
  for (const id of [foreign.id, 'res_typo']) {
    assert.match(
      (await warnings(`principal, action, resource == Resource::"${id}"`))[0]!,
      /^there is no resource res_/,
    );
  }
  // People write names first: which id that is, also in other capitals and with a slip of the pen.
  for (const name of ['wiki', 'Wikki']) {
    const [one] = await found(`principal, action, resource == Resource::"${name}"`);
    assert.equal(one!.message, `there is no resource ${name}: did you mean ${wiki.id} (wiki)?`);
    assert.deepEqual([one!.code, one!.line, one!.column], ['names.nothing', 1, 40]);
    assert.deepEqual(one!.values, { word: 'resource', id: name, meant: wiki.id, name: 'wiki' });
  }
  assert.match((await warnings(`principal == User::"${user.email}", action, resource`))[0]!, new RegExp(user.id));
  const both = 'principal in Group::"dev", action, resource in Segment::"prod"';
  assert.deepEqual(await warnings(both), ['nobody is in the group dev now', 'nothing is in the segment prod now']);
  const { version } = (await ours.call('GET', `/api/v1/users/${user.id}`)).json();
  await ours.call(
    'PATCH',
    `/api/v1/users/${user.id}`,
    { groups: ['Dev', 'dev%'] },
    { headers: { 'if-match': `"${version}"` } },
  );
  assert.equal((await warnings(both)).length, 2, 'names are compared exactly');
  const changed = (await ours.call('GET', `/api/v1/users/${user.id}`)).json();
  await ours.call(
    'PATCH',
    `/api/v1/users/${user.id}`,
    { groups: ['dev'] },
    { headers: { 'if-match': `"${changed.version}"` } },
  );
  assert.equal((await ours.call('PUT', '/api/v1/segments/wiki', { segments: ['prod'] })).statusCode, 200);
  await nothing(both);

  const { changes } = await post('policies/apply', {
    policies: [{ name: 'a', text: 'permit (principal in Group::"dve", action, resource);' }],
    dryRun: true,
  });
  assert.deepEqual(
    changes[0].warnings.map(({ message }: PolicyProblem) => message),
    ['nobody is in the group dve now'],
  );
});
