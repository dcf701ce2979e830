import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CountryTable } from '@zeronaut/policy/countries';
import { seededRandom, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { AccessWorld, createResource } from './access/access-world.suite.ts';
import { watchFiles } from './config/watch.ts';
import { CountryFile } from './country-file.ts';
import { CurrentTables } from './tables.ts';

const SEED = fileURLToPath(
  import.meta.resolve('@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'),
);
const V4 = join(dirname(SEED), 'geo-whois-asn-country-ipv4.mmdb');
const V6 = join(dirname(SEED), 'geo-whois-asn-country-ipv6.mmdb');
const [IN_US, IN_US_V6, IN_CH] = ['8.8.8.8', '2001:4860:4860::8888', '193.5.0.1'];

function quiet() {
  const errors: string[] = [];
  const log = {
    info: () => {},
    warn: () => {},
    error: (_details: object, message: string) => void errors.push(message),
  };
  return { log: log as never, errors };
}

test('the file that comes with us knows countries; private addresses and nonsense have none', () => {
  const countries = new CountryFile({ path: null, log: quiet().log, watch: watchFiles });
  assert.equal(countries.builtAtSeconds, 0, 'nobody asked yet');
  assert.equal(countries.state, 'good');
  assert.equal(countries.of(IN_US), 'US');
  assert.equal(countries.of(IN_US_V6), 'US');
  assert.equal(countries.of(IN_CH), 'CH');
  for (const address of ['10.1.2.3', '192.168.0.1', '127.0.0.1', '100.64.0.1', '::1', 'fd00::1', 'fe80::1', '', 'x']) {
    assert.equal(countries.of(address), null, address);
  }
  assert.ok(countries.builtAtSeconds > Date.parse('2026-01-01') / 1000);
});

test('a new file counts at once; a broken one leaves the last good one', async (t) => {
  const file = join(temporaryDirectory('geo'), 'countries.mmdb');
  copyFileSync(V4, file);
  const { log, errors } = quiet();
  let changes = 0;
  const countries = new CountryFile({ path: file, log, watch: watchFiles, onChange: () => changes++ });
  t.after(() => countries.stop());
  assert.equal(countries.of(IN_US), 'US');
  assert.equal(countries.of(IN_US_V6), null);
  writeFileSync(file, 'not a database');
  await waitFor(() => errors.length === 1, { what: 'the broken file' });
  assert.match(errors[0]!, /last good one stays/);
  assert.equal(countries.state, 'failing');
  assert.equal(countries.of(IN_US), 'US');
  copyFileSync(V6, `${file}.new`);
  renameSync(`${file}.new`, file);
  await waitFor(() => changes === 2, { what: 'the new file' });
  assert.equal(countries.state, 'good');
  assert.equal(countries.of(IN_US_V6), 'US');
  assert.equal(countries.of(IN_US), null, 'the new file alone counts, and what was remembered is gone');
});

test('a file that is missing, cut off or damaged knows nothing and throws nothing', () => {
  const { log, errors } = quiet();
  assert.equal(new CountryFile({ path: '/nowhere/countries.mmdb', log, watch: watchFiles }).of(IN_US), null);
  assert.match(errors[0]!, /no country is known/);
  const whole = readFileSync(V4);
  for (const length of [0, 1, 1_000, whole.length >> 1, whole.length - 1]) {
    assert.throws(() => new CountryTable(whole.subarray(0, length)), String(length));
  }
  const random = seededRandom(3);
  for (let round = 0; round < 20; round++) {
    const damaged = Buffer.from(whole);
    // In the tree and in the data, not in the description at the end.
    for (let i = 0; i < 3_000; i++) damaged[random.integer(whole.length - 400)] = random.integer(256);
    let table: CountryTable;
    try {
      table = new CountryTable(damaged);
    } catch {
      continue;
    }
    for (let i = 0; i < 200; i++) {
      const country = table.get(`${1 + random.integer(222)}.${random.integer(256)}.0.1`);
      assert.ok(country === null || /^[A-Z]{2}$/.test(country));
    }
  }
});

test('a policy that asks for the country decides by it, and keeps out whom nobody can place', async () => {
  const country = { '.': { left: { Var: 'context' }, attr: 'country' } };
  const known = { has: { left: { Var: 'context' }, attr: 'country' } };
  const listed = { contains: { left: { Set: [{ Value: 'CH' }] }, right: country } };
  const everything = { principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } };
  const json = {
    ...{ effect: 'forbid', ...everything },
    conditions: [{ kind: 'unless', body: { '&&': { left: known, right: listed } } }],
  };
  const world = await AccessWorld.create(
    [createResource('app', { access: { mode: 'public', allow: [], addresses: [], basic: [], tokens: null } })],
    { policies: [{ id: 'pol_1', name: 'countries', mode: 'enforce', json }] },
  );
  const visit = async (address: string) => {
    const { decision } = await world.visit('https://app.base.test/', { address });
    return [decision!.verdict.effect, decision!.explanation?.facts.country ?? null];
  };
  assert.deepEqual(await visit(IN_CH), ['deny', ''], 'no file at all');
  Object.assign(world, {
    tables: new CurrentTables(world.tables.get(), new CountryFile({ path: null, log: quiet().log, watch: watchFiles })),
  });
  await world.start();
  for (let twice = 0; twice < 2; twice++) {
    assert.deepEqual(await visit(IN_CH), ['pass', null]);
    assert.deepEqual(await visit(IN_US), ['deny', 'US']);
    assert.deepEqual(await visit('10.0.0.7'), ['deny', '']);
    // A new snapshot brings no other countries.
    world.change({});
  }
});
