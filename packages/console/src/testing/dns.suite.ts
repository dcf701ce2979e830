import { createSocket } from 'node:dgram';
import type { TestContext } from 'node:test';

const TYPES = { A: 1, CNAME: 5, AAAA: 28 } as const;

/** A DNS server on loopback with these records; `*.name` stands for what has no record of its own. Returns `address:port`. */
export async function startDns(
  t: TestContext,
  records: Readonly<Record<string, readonly (readonly ['A' | 'CNAME', string])[]>>,
): Promise<{ address: string; asked: string[] }> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (query, from) => {
    const end = query.indexOf(0, 12) + 5;
    const labels: string[] = [];
    for (let at = 12; query[at]! > 0; at += query[at]! + 1)
      labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!));
    const name = labels.join('.').toLowerCase();
    asked.push(name);
    const type = query.readUInt16BE(end - 4);
    const own = records[name] ?? records[`*.${labels.slice(1).join('.')}`];
    const answers = (own ?? [])
      .filter(([kind]) => TYPES[kind] === type || (kind === 'CNAME' && type === TYPES.A))
      .map(([kind, value]) => {
        const data = kind === 'A' ? Buffer.from(value.split('.').map(Number)) : encodeName(value);
        const head = Buffer.from([0xc0, 12, 0, TYPES[kind], 0, 1, 0, 0, 0, 0, 0, data.length]);
        return Buffer.concat([head, data]);
      });
    const code = own === undefined ? 3 : 0;
    const header = Buffer.from([query[0]!, query[1]!, 0x81, 0x80 | code, 0, 1, 0, answers.length, 0, 0, 0, 0]);
    socket.send(Buffer.concat([header, query.subarray(12, end), ...answers]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.after(() => socket.close());
  return { address: `127.0.0.1:${socket.address().port}`, asked };
}

function encodeName(name: string): Buffer {
  return Buffer.concat([
    ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);
}
