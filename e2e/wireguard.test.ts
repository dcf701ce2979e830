/** `zeronaut wg` beside Debian's wireguard-go and the `wg` tool, in network namespaces of their own. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Namespace, spawnProcess, waitFor } from '@zeronaut/testkit';
import { bothEnds, ping, socketOf, wg, wireguardMissing } from './harness/wireguard-ends.ts';

// Side by side, because sessions are renewed after two minutes, and that is waited for.
describe('zeronaut wg beside wireguard-go', { skip: wireguardMissing ?? false, concurrency: true }, () => {
  for (const [outer, psk, dialler] of [
    ['ipv4', true, 'ours'],
    ['ipv6', false, 'theirs'],
  ] as const) {
    it(`over ${outer}, ${psk ? 'with' : 'without'} a pre-shared key, first word from ${dialler}`, async (t) => {
      const ends = await bothEnds(t, { outer, psk, dialler });
      const [from, four, six]: [Namespace, string, string] =
        dialler === 'ours' ? [ends.ours, '10.7.0.2', 'fd07::2'] : [ends.theirs, '10.7.0.1', 'fd07::1'];
      await ping(from, four);
      await ping(from, six);
      // Filled to the last byte of the MTU, and a little over what one packet of the tunnel takes.
      for (const size of ['1392', '4000']) await ping(from, four, '-s', size);

      const shown = await ends.ours.run('wg', ['show', ends.names.ours, 'dump']);
      const [, peer] = shown.trim().split('\n');
      const [key, , , networks, handshake, received, sent] = peer!.split('\t');
      assert.equal(key, ends.theirKey);
      assert.equal(networks, '10.7.0.2/32,fd07::2/128');
      assert(Number(handshake) > 0 && Number(received) > 5_000 && Number(sent) > 5_000, shown);
    });
  }

  for (const dialler of ['ours', 'theirs'] as const) {
    it(`loses no packet when ${dialler === 'ours' ? 'ours' : 'wireguard-go'} renews the session under traffic`, async (t) => {
      const { ours, theirs, names } = await bothEnds(t, { outer: 'ipv4', psk: true, dialler });
      const [from, to] = dialler === 'ours' ? [ours, '10.7.0.2'] : [theirs, '10.7.0.1'];
      await ping(from, to);
      const handshakeAt = async () =>
        Number((await ours.run('wg', ['show', names.ours, 'latest-handshakes'])).trim().split('\t')[1]);
      const since = await handshakeAt();
      // Whoever opened the session renews it with the first packet that is sent when it is 120 s old (paper, 6.2).
      const output = await from.run('ping', ['-q', '-i', '0.02', '-c', '6250', to]);
      assert.match(output, /6250 packets transmitted, 6250 received, 0% packet loss/);
      const renewed = (await handshakeAt()) - since;
      assert.ok(renewed >= 119 && renewed <= 126, `renewed after ${renewed} s`);
    });
  }

  it('carries a transfer whole, both ways, and goes on while wg changes its peers', async (t) => {
    const { ours, theirs, zeronaut, theirKey, ourKey, directory, names } = await bothEnds(t, {
      ...{ outer: 'ipv4', psk: true, dialler: 'ours', lanes: 2 },
    });
    await ping(ours, '10.7.0.2');
    const file = join(directory, 'bytes');
    writeFileSync(file, randomBytes(20_000_000));
    const sum = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
    for (const [index, [from, to, address]] of (
      [
        [ours, theirs, '10.7.0.2'],
        [theirs, ours, '10.7.0.1'],
      ] as const
    ).entries()) {
      const arrived = join(directory, `arrived-${index}`);
      const port = 7_000 + index;
      const server = spawnProcess(
        t,
        ...to.inside('socat', ['-d', '-d', '-u', `TCP-LISTEN:${port}`, `CREATE:${arrived}`]),
      );
      await server.waitForLine(/listening on/);
      await from.run('socat', ['-u', `FILE:${file}`, `TCP:${address}:${port}`]);
      await server.exited;
      assert.equal(sum(arrived), sum(file));
    }

    // The tools change a running interface: a second peer by set, then only the file's peers by syncconf.
    const other = wg(wg('', 'genkey'), 'pubkey');
    await ours.run('wg', ['set', names.ours, 'peer', other, 'allowed-ips', '10.7.0.9/32', 'persistent-keepalive', '7']);
    assert.match(
      await ours.run('wg', ['show', names.ours, 'persistent-keepalive']),
      new RegExp(`${keyPattern(other)}\t7`),
    );
    const stripped = join(directory, 'stripped.conf');
    const configuration = await ours.run('wg', ['showconf', names.ours]);
    writeFileSync(
      stripped,
      configuration
        .split('[Peer]')
        .filter((part) => !part.includes(other))
        .join('[Peer]'),
    );
    await ours.run('wg', ['syncconf', names.ours, stripped]);
    assert.deepEqual((await ours.run('wg', ['show', names.ours, 'peers'])).trim().split('\n'), [theirKey]);
    await ping(ours, '10.7.0.2');

    // Roaming: the other side changes its port, and we follow it.
    await theirs.run('wg', ['set', names.theirs, 'listen-port', '51899']);
    await ping(theirs, '10.7.0.1');
    await waitFor(async () => (await ours.run('wg', ['show', names.ours, 'endpoints'])).includes(':51899'), {
      what: 'the new endpoint',
    });
    await ping(ours, '10.7.0.2');

    // Whoever lies about his inner address is dropped.
    await theirs.run('ip', ['addr', 'add', '10.7.0.66/24', 'dev', names.theirs]);
    await assert.rejects(theirs.run('ping', ['-c', '1', '-W', '1', '-I', '10.7.0.66', '10.7.0.1']));
    assert.match(await theirs.run('wg', ['show', names.theirs, 'peers']), new RegExp(keyPattern(ourKey)));

    zeronaut.child.kill('SIGINT');
    assert.deepEqual(await zeronaut.exited, { code: 0, signal: null });
    assert.equal(existsSync(socketOf(names.ours)), false);
    await assert.rejects(ours.run('ip', ['link', 'show', names.ours]));
  });
});

/** A key as a regular expression. */
function keyPattern(text: string): string {
  return text.replaceAll(/[+/]/g, '\\$&');
}
