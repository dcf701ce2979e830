import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatQuickFile, MAX_QUICK_PROBLEMS, parseQuickFile } from './quick-file.ts';
import { formatNetwork } from './text-values.ts';

const KEY = 'yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=';
const OTHER = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=';

const FILE = `\uFEFF# office
[interface]
privatekey=${KEY}
ListenPort = 51820   # the usual
Address = 10.0.0.1/24, fd00::1/64
ADDRESS = 10.9.0.1/32
DNS = 1.1.1.1, corp.example
MTU = 1380
Table = 1234
FwMark = 0xca6c
PostUp = iptables -A FORWARD -i %i -j ACCEPT; echo up
SaveConfig = false\r
[Peer]
PublicKey = ${OTHER}
PresharedKey = ${KEY}
AllowedIPs = 10.1.0.0/16,fd01::/64
AllowedIPs = 0.0.0.0/0
Endpoint = vpn.example.com:51820
PersistentKeepalive = 25

[Peer]
PublicKey = ${KEY}
AllowedIPs =
Endpoint = [fd00::9]:1
PersistentKeepalive = off
`;

test('a file of wg-quick is read, and written so that it reads the same', () => {
  const { file, problems } = parseQuickFile(FILE);
  assert.deepEqual(problems, []);
  const own = file.interface;
  assert.equal(Buffer.from(own.privateKey!).toString('base64'), KEY);
  assert.deepEqual(own.addresses.map(formatNetwork), ['10.0.0.1/24', 'fd00::1/64', '10.9.0.1/32']);
  assert.deepEqual(
    [own.listenPort, own.mtu, own.table, own.fwmark, own.saveConfig],
    [51820, 1380, 1234, 0xca6c, false],
  );
  assert.deepEqual(own.dns, ['1.1.1.1', 'corp.example']);
  assert.deepEqual(own.postUp, ['iptables -A FORWARD -i %i -j ACCEPT; echo up']);
  assert.deepEqual(
    file.peers.map(({ allowedIps }) => allowedIps.map(formatNetwork)),
    [['10.1.0.0/16', 'fd01::/64', '0.0.0.0/0'], []],
  );
  assert.deepEqual(
    file.peers.map(({ endpoint, persistentKeepalive }) => ({ ...endpoint, persistentKeepalive })),
    [
      { host: 'vpn.example.com', port: 51820, persistentKeepalive: 25 },
      { host: 'fd00::9', port: 1, persistentKeepalive: 0 },
    ],
  );
  assert.deepEqual(parseQuickFile(formatQuickFile(file)), { file, problems: [] });
});

test('each mistake is told with its place, and no secret is repeated', () => {
  const secret = `${KEY.slice(0, 40)}?!!=`;
  const { problems } = parseQuickFile(
    `ListenPort = 1\n[Interface]\nPrivateKey = ${secret}\n  Mtu =  99999\nPort = 1\nListenPort = 1\nListenPort = 2\nnonsense\n[Other]\n` +
      `Key = 1\n[Interface]\nconstructor = 1\n[Peer]\nEndpoint = host\n[Peer]\nPublicKey = ${KEY}\n[Peer]\nPublicKey = ${KEY}\nAllowedIPs = 10.0.0.0/8, ::/0,\n`,
  );
  const told = problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  assert.deepEqual(told, [
    '1:1 ListenPort stands in no section',
    '3:14 PrivateKey must be a key of 44 base64 characters',
    '4:10 Mtu must be 576 to 9216',
    '5:1 Port is no key of [Interface]',
    '7:1 ListenPort is there twice',
    '8:1 expected Key = Value',
    '9:1 [Other] is no section: [Interface] or [Peer]',
    '10:1 Key stands in no section',
    '11:1 a second [Interface]; the first is on line 2',
    '12:1 constructor is no key of [Interface]',
    '14:12 Endpoint must be HOST:PORT or [IPv6]:PORT',
    '13:1 this peer has no PublicKey',
    '19:14 AllowedIPs must be a network, or several after commas',
    `17:1 the peer ${KEY} is there twice`,
  ]);
  assert.ok(!told.join().includes(secret));
  assert.deepEqual(parseQuickFile('').problems, [{ line: 1, column: 1, message: 'there is no [Interface] section' }]);
});

test('a control character is told, wherever it stands', () => {
  for (const [index, character] of ['\0', '\x07', '\r', '\x1b', '\x7f', '\v'].entries()) {
    const { file, problems } = parseQuickFile(`[Interface]\nPostUp = echo ${character}; reboot\n`);
    assert.deepEqual(problems, [{ line: 2, column: 15, message: 'a control character' }], `${index}`);
    assert.deepEqual(file.interface.postUp, []);
  }
  assert.deepEqual(parseQuickFile('[Interface]\r\n\tPostUp\t=\techo\t1\r\n').problems, []);
});

test('what is no WireGuard file ends after fifty mistakes', () => {
  const { problems } = parseQuickFile('#!/bin/sh\n'.concat('echo hello\n'.repeat(100_000)));
  assert.equal(problems.length, MAX_QUICK_PROBLEMS);
  assert.equal(parseQuickFile('[Peer]\n'.repeat(1_000)).problems.length, MAX_QUICK_PROBLEMS);
});

test('what would be read as something else is not written', () => {
  const { file } = parseQuickFile(FILE);
  for (const command of ['echo # 1', 'echo 1\nPostDown = reboot', ' echo', 'echo\r']) {
    const changed = { ...file, interface: { ...file.interface, postUp: [command] } };
    assert.throws(() => formatQuickFile(changed), { name: 'RangeError', message: /^PostUp cannot stand/ }, command);
  }
});

test('ten thousand peers, and lines of a megabyte, are read in a moment', () => {
  const peers = Array.from({ length: 10_000 }, (_, index) => {
    const key = Buffer.alloc(32);
    key.writeUInt32BE(index);
    return `[Peer]\nPublicKey = ${key.toString('base64')}\nAllowedIPs = 10.${index >> 8}.${index & 255}.0/24\n`;
  });
  const before = process.cpuUsage();
  assert.equal(parseQuickFile(`[Interface]\n${peers.join('')}`).file.peers.length, 10_000);
  for (const filler of [' ', '#', '=', ',', '[', '\t=']) {
    parseQuickFile(`[Interface]\nDNS = ${filler.repeat(1_000_000)}x\nDNS${filler.repeat(1_000_000)}\n`);
  }
  const { user } = process.cpuUsage(before);
  assert.ok(user < 3_000_000, `${user} us of CPU`);
});
