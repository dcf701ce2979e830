import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogLine } from '@zeronaut/model';
import { temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { startFixture } from '../testing/fixture.suite.ts';
import { connectSync } from '../testing/sync-client.suite.ts';

const line = (message: string, level: LogLine['level'] = 'warn'): LogLine => ({
  ...{ at: '2026-11-29T08:00:00.000Z', level, message, fields: '{}' },
});

test('the log of a gateway is asked for while its own people look, and for nobody else', async (t) => {
  const file = `${temporaryDirectory(t)}/zeronaut.db`;
  const fixture = await startFixture(t, { kind: 'sqlite', file, url: `sqlite:${file}` });
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const sync = await fixture.startSync();
  const [one, two] = [await ours.enrolGateway(), await ours.enrolGateway()];
  const read = async (query = '', by = ours) => await by.call('GET', `/api/v1/gateways/${one.gateway.id}/log?${query}`);
  const texts = (page: { lines: LogLine[] }) => page.lines.map(({ message }) => message);
  assert.deepEqual((await read()).json(), { connected: false, lines: [], dropped: 0, cursor: '' });

  const connect = async (identity: typeof one, features?: string[]) => {
    const client = await connectSync(sync.port, identity);
    client.send({
      type: 'hello',
      protocol: 1,
      softwareVersion: '1',
      snapshotVersion: 0,
      ...(features && { features }),
    });
    await client.next('snapshot');
    return client;
  };
  const client = await connect(one, ['log']);
  assert.equal((await read('', theirs)).statusCode, 404);
  assert.equal(client.received.filter(({ type }) => type === 'tail_log').length, 0, 'nobody looked yet');
  const first = read();
  assert.equal((await client.next('tail_log')).level, 'warn');
  client.send({ type: 'log', lines: [line('kept 1'), line('kept 2', 'error')], dropped: 0 });
  const page = (await first).json();
  assert.deepEqual([page.connected, texts(page), page.dropped], [true, ['kept 1', 'kept 2'], 0]);
  assert.deepEqual(texts((await read('level=error')).json()), ['kept 2']);
  assert.deepEqual(texts((await read(`after=${page.cursor}`)).json()), [], 'nothing new, and no wait');

  const waiting = read(`after=${page.cursor}&waitSeconds=20`);
  client.send({ type: 'log', lines: [line('<script>live</script>')], dropped: 3 });
  const next = (await waiting).json();
  assert.deepEqual([texts(next), next.dropped], [['<script>live</script>'], 3]);
  // More curious: the gateway is told once.
  await read('level=info');
  assert.equal((await client.next('tail_log')).level, 'info');
  await read('level=info');
  assert.equal(client.received.filter(({ type }) => type === 'tail_log').length, 0);
  // Of lines that came and went, the number.
  for (let index = 0; index < 6; index++) {
    client.send({ type: 'log', lines: Array.from({ length: 100 }, (_, of) => line(`${index} ${of}`)), dropped: 0 });
  }
  await waitFor(async () => texts((await read()).json()).at(-1) === '5 99', { what: 'all of them' });
  const late = (await read(`after=${next.cursor}`)).json();
  assert.deepEqual([late.lines.length, late.dropped], [500, 100]);

  const cut = read(`after=${late.cursor}&waitSeconds=20`);
  client.send({ type: 'log', lines: [line('x'.repeat(1_001))], dropped: 0 });
  await waitFor(client.closed, { what: 'the end of a link that says too much' });
  assert.deepEqual((await cut).json().lines, []);
  const again = await connect(one, ['log']);
  const fresh = read(`after=${late.cursor}`);
  await again.next('tail_log');
  again.send({ type: 'log', lines: [line('anew')], dropped: 0 });
  assert.deepEqual(texts((await fresh).json()), ['anew'], 'a cursor of before means nothing');

  const old = await connect(two);
  const refused = await ours.call('GET', `/api/v1/gateways/${two.gateway.id}/log`);
  assert.deepEqual([refused.statusCode, refused.json().reason], [409, 'api.conflict']);
  old.send({ type: 'log', lines: [line('unasked')], dropped: 0 });
  await waitFor(old.closed, { what: 'the end' });
  again.socket.destroy();
});
