import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { waitFor } from '@zeronaut/testkit';
import { world } from './engine.suite.ts';
import { listUapi, MAX_CLIENTS, MAX_OPERATION_BYTES, readUapi, serveUapi } from './uapi-socket.ts';

const directory = mkdtempSync(join(tmpdir(), 'zeronaut-uapi-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const key = (byte: number) => byte.toString(16).padStart(2, '0').repeat(32);

async function serving(name: string) {
  const host = await world().host(1);
  const server = await serveUapi(host.engine, name, directory);
  return {
    host,
    path: server.path,
    async [Symbol.asyncDispose]() {
      await server.close();
      await host.engine.close();
    },
  };
}

async function client(path: string): Promise<Socket & { text: () => string }> {
  const socket = connect(path);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return Object.assign(socket, { text: () => text });
}

test('the socket is its owner’s alone, is listed, answers, and goes when it is closed', async () => {
  const { path, host } = await (async () => {
    await using running = await serving('wg0');
    assert.equal(statSync(running.path).mode & 0o777, 0o600);
    assert.deepEqual(listUapi(directory), ['wg0']);
    const lines = await readUapi(running.path);
    assert.ok(lines.includes(`private_key=${Buffer.from(running.host.engine.privateKey!).toString('hex')}`));
    await assert.rejects(serveUapi(running.host.engine, 'wg0', directory), { code: 'EADDRINUSE' });
    return running;
  })();
  assert.deepEqual(listUapi(directory), []);
  await assert.rejects(readUapi(path), { code: 'ENOENT' });
  assert.equal(host.engine.privateKey?.some((byte) => byte !== 0) ?? false, false, 'the key is overwritten');
});

test('a socket file that a killed program left behind is replaced', async () => {
  // A second name of the file keeps it: Node removes the first when the server closes, as a killed one could not.
  const { linkSync, renameSync } = await import('node:fs');
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(join(directory, 'dead'), resolve));
  linkSync(join(directory, 'dead'), join(directory, 'kept'));
  await new Promise((resolve) => dead.close(resolve));
  renameSync(join(directory, 'kept'), join(directory, 'wg1.sock'));
  await assert.rejects(readUapi(join(directory, 'wg1.sock')), { code: 'ECONNREFUSED' });
  await using running = await serving('wg1');
  assert.ok((await readUapi(running.path)).length > 0);
});

test('operations come in pieces or several at once, and are answered in their order', async () => {
  await using running = await serving('wg2');
  const socket = await client(running.path);
  const operations = `set=1\npublic_key=${key(2)}\nallowed_ip=10.0.0.0/8\n\nset=1\nlisten_port=x\n\nget=1\n\n`;
  for (const character of operations) socket.write(character);
  await waitFor(() => socket.text().endsWith('errno=0\n\n') && socket.text().includes('public_key='), {
    what: 'three answers',
  });
  const [first, second, ...rest] = socket.text().split('\n\n');
  assert.deepEqual([first, second], ['errno=0', 'errno=22']);
  assert.match(rest.join('\n'), new RegExp(`public_key=${key(2)}\n(?:.*\n)*allowed_ip=10.0.0.0/8\nerrno=0`));
  socket.destroy();
});

test('what is no operation ends the connection, and changes nothing', async () => {
  await using running = await serving('wg3');
  for (const text of [
    'hello\n\n',
    'get=2\n\n',
    '\n\n',
    `set=2\npublic_key=${key(3)}\n\n`,
    `\0`.repeat(10).concat('\n\n'),
  ]) {
    const socket = await client(running.path);
    socket.write(text);
    await once(socket, 'close');
    assert.equal(socket.text(), '', JSON.stringify(text));
  }
  assert.equal([...running.host.engine.peers].length, 0);
});

test('an operation without an end is cut off at its limit', async () => {
  await using running = await serving('wg4');
  const socket = await client(running.path);
  const closed = once(socket, 'close');
  socket.write(`set=1\n${'a'.repeat(MAX_OPERATION_BYTES)}`);
  await closed;
  assert.equal(socket.text(), '');
});

test('who asks without reading the answers gets no more of them until he does', async () => {
  await using running = await serving('wg5');
  for (let index = 0; index < 500; index++) {
    const publicKey = Buffer.alloc(32, 7);
    publicKey.writeUInt32BE(index);
    running.host.engine.addPeer(publicKey);
  }
  let asked = 0;
  const { engine } = running.host;
  const transferOf = engine.transferOf.bind(engine);
  engine.transferOf = (peer) => {
    asked++;
    return transferOf(peer);
  };
  const socket = connect(running.path);
  await once(socket, 'connect');
  socket.pause();
  socket.write('get=1\n\n'.repeat(200));
  let before = -1;
  await waitFor(
    () => {
      const quiet = asked > 0 && asked === before;
      before = asked;
      return quiet;
    },
    { what: 'a halt', intervalMs: 200 },
  );
  const answered = asked / 500;
  assert.ok(answered < 20, `${answered} answers wait for a client that does not read`);
  let received = 0;
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk.split('errno=0').length - 1;
  });
  socket.resume();
  await waitFor(() => received >= 199, { what: 'the other answers' });
  socket.destroy();
});

test('no more clients at a time than the limit', async () => {
  await using running = await serving('wg6');
  const sockets: Socket[] = [];
  for (let index = 0; index < MAX_CLIENTS; index++) sockets.push(await client(running.path));
  const more = connect(running.path);
  more.on('error', () => undefined);
  await once(more, 'close');
  for (const socket of sockets) socket.destroy();
  await waitFor(
    async () => {
      try {
        return (await readUapi(running.path)).length > 0;
      } catch {
        return false;
      }
    },
    { what: 'room for a client again' },
  );
});
