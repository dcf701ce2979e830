/**
 * One end of a tunnel with fixed keys, without the protocol: for tests of the packet path alone, run inside a network
 * namespace. Arguments: side (0 or 1), own inner address with prefix, inner network of the other, its outer endpoint.
 * Commands come as lines on the standard input, answers as lines of JSON.
 */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { createLinuxDataPlane } from '../linux-data-plane.ts';

const [side, address4, address6, endpoint, mtu = '1420'] = process.argv.slice(2) as [string, string, string, string, string?];
const say = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);
const mine = Number(side);
const keys = [Buffer.alloc(32, 17), Buffer.alloc(32, 34)] as const;
const plane = await createLinuxDataPlane({
  interfaceName: `zntest${side}`,
  mtu: Number(mtu),
  port: 51_900 + mine,
  peers: 16,
  lanes: Number(process.env.LANES ?? 1),
  events: {
    onHandshakeMessage: (message, from) => say({ handshake: message.length, from }),
    onSessionWanted: (peer) => say({ wanted: peer }),
    onKeypairConfirmed: (peer, index) => say({ confirmed: peer, index }),
    onRoamed: (peer, to) => say({ roamed: peer, to }),
    onActivity: () => undefined,
    onMessagesSpent: (peer, index) => say({ spent: peer, index }),
    onFailed: (error) => say({ failed: error.message }),
  },
});
const install = () => {
  plane.installKeypair({
    ...{ peer: 3, localIndex: 1000 + mine, remoteIndex: 1001 - mine },
    ...{ sendKey: keys[mine]!, receiveKey: keys[1 - mine]! },
  });
};
const network = (text: string) => {
  const bytes = text.includes(':')
    ? Buffer.from([0xfd, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 - mine])
    : Buffer.from(text.split('.').map(Number));
  return { address: bytes, bits: bytes.length * 8 };
};
plane.addPeer(3);
plane.setAllowedIps(3, [network(`10.99.0.${2 - mine}`), network('::')]);
const [host, port] = endpoint.split(',') as [string, string];
plane.setEndpoint(3, { address: host, port: Number(port) });
install();
plane.sendWith(3, 1000 + mine);
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'inherit' });
ip('address', 'add', address4, 'dev', plane.interfaceName);
ip('address', 'add', address6, 'dev', plane.interfaceName, 'nodad');
ip('link', 'set', plane.interfaceName, 'up');

/** Answers all that a connection sends with its hash. */
const server = createServer({ allowHalfOpen: true }, (socket) => {
  const hash = createHash('sha256');
  socket.on('data', (part) => hash.update(part));
  socket.on('end', () => socket.end(hash.digest('hex')));
  socket.on('error', () => socket.destroy());
});
server.listen({ host: '::', port: 7000 });
await once(server, 'listening');
say({ ready: true, port: plane.port, aead: plane.aead });

async function send(host: string, bytes: number): Promise<boolean> {
  const socket = connect({ host, port: 7000, allowHalfOpen: true });
  const data = randomBytes(bytes);
  socket.end(data);
  let answer = '';
  for await (const part of socket) answer += part;
  return answer === createHash('sha256').update(data).digest('hex');
}

for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument, size, flows = '1'] = line.split(' ') as [string, string?, string?, string?];
  if (command === 'stage') plane.sendWith(3, undefined);
  else if (command === 'resume') plane.sendWith(3, 1000 + mine);
  else if (command === 'remove') plane.removeKeypair(1000 + mine);
  else if (command === 'install') install();
  else if (command === 'rebind') await plane.rebind(Number(argument), 0);
  else if (command === 'keepalive') plane.sendKeepalive(3);
  else if (command === 'send') {
    // Further commands are heard meanwhile.
    const all = Array.from({ length: Number(flows) }, () => send(argument!, Number(size)));
    void Promise.all(all).then((rights) => say({ arrived: rights.every((right) => right) }));
    continue;
  }
  else if (command === 'close') break;
  say({ done: command, port: plane.port, drops: plane.drops(), activity: plane.activity(3), rss: process.memoryUsage.rss() });
}
server.close();
await plane.close();
say({ closed: true });
process.stdin.destroy();
