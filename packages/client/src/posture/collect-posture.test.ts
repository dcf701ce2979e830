import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { postureFacts } from '@zeronaut/model';
import { temporaryDirectory } from '@zeronaut/testkit';
import { collectPosture } from './collect-posture.ts';

const NOTHING = { processes: [], files: [] };
const MOUNT = (device: string, source: string) => `22 1 ${device} / / rw,relatime shared:1 - ext4 ${source} rw\n`;

/** A tree of system files; a text beginning with `->` is a link. */
function machine(files: Record<string, string>): { root: string; platform: 'linux' } {
  const root = temporaryDirectory('machine');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (text.startsWith('->')) symlinkSync(text.slice(2), join(root, path));
    else writeFileSync(join(root, path), text);
  }
  return { root, platform: 'linux' };
}

it('says of this very machine what the schema takes', async () => {
  const facts = await collectPosture({ processes: ['node', 'no-such-process'], files: ['/proc/self', '/no/such'] });
  postureFacts.parse(facts);
  assert.deepEqual(facts.files, { '/proc/self': true, '/no/such': false });
  assert.equal(facts.processes['no-such-process'], false);
});

it('knows system and version', async () => {
  const release = 'PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\nVERSION_ID="12"\n';
  const facts = await collectPosture(NOTHING, machine({ 'etc/os-release': release }));
  assert.deepEqual([facts.os, facts.osVersion], ['debian', '12']);
  assert.equal((await collectPosture(NOTHING, machine({}))).os, '');
});

it('sees whether the root file system lies on an encrypted disk', async () => {
  const luks = { 'sys/dev/block/254:0/dm/uuid': 'CRYPT-LUKS2-abc-root' };
  const lvm = { 'sys/dev/block/254:1/dm/uuid': 'LVM-xyz' };
  const cases: [string, Record<string, string>, string][] = [
    ['nothing known', {}, 'unknown'],
    ['plain partition', { 'proc/self/mountinfo': MOUNT('8:1', '/dev/sda1'), 'sys/dev/block/8:1/size': '1' }, 'off'],
    ['LUKS', { 'proc/self/mountinfo': MOUNT('254:0', '/dev/mapper/root'), ...luks }, 'on'],
    [
      'LVM on LUKS',
      {
        'proc/self/mountinfo': MOUNT('254:1', '/dev/mapper/vg-root'),
        ...lvm,
        'sys/dev/block/254:1/slaves/dm-0/dm/uuid': 'CRYPT-LUKS2-abc',
      },
      'on',
    ],
    [
      'LVM over an encrypted and a plain disk',
      {
        'proc/self/mountinfo': MOUNT('254:1', '/dev/mapper/vg-root'),
        ...lvm,
        'sys/dev/block/254:1/slaves/dm-0/dm/uuid': 'CRYPT-LUKS2-abc',
        'sys/dev/block/254:1/slaves/sdb1/size': '1',
      },
      'off',
    ],
    ['overlay of a container', { 'proc/self/mountinfo': MOUNT('0:30', 'overlay') }, 'unknown'],
    [
      'btrfs on LUKS',
      {
        'proc/self/mountinfo': MOUNT('0:25', '/dev/mapper/root'),
        'dev/mapper/root': '->../dm-0',
        'dev/dm-0': '',
        'sys/class/block/dm-0/dm/uuid': 'CRYPT-LUKS2-abc',
      },
      'on',
    ],
    [
      'mounted over',
      {
        'proc/self/mountinfo': MOUNT('254:0', '/dev/mapper/root') + MOUNT('8:1', '/dev/sda1'),
        ...luks,
        'sys/dev/block/8:1/size': '1',
      },
      'off',
    ],
  ];
  for (const [name, files, expected] of cases) {
    assert.equal((await collectPosture(NOTHING, machine(files))).diskEncryption, expected, name);
  }
});

it('sees firewalls, screen locks and processes by what is set and what runs', async () => {
  const process = (...names: string[]) =>
    Object.fromEntries(names.map((name, i) => [`proc/${i + 10}/comm`, `${name}\n`]));
  const cases: [Record<string, string>, string, string][] = [
    [{}, 'unknown', 'unknown'],
    [process('firewalld', 'gnome-shell'), 'on', 'on'],
    [{ 'etc/ufw/ufw.conf': 'ENABLED=yes\n', ...process('Xorg') }, 'on', 'off'],
    [{ 'etc/ufw/ufw.conf': '# ENABLED=yes\nENABLED=no\n' }, 'off', 'unknown'],
    [
      { 'etc/systemd/system/sysinit.target.wants/nftables.service': '->/lib/x', ...process('sway', 'swayidle') },
      'on',
      'on',
    ],
  ];
  for (const [files, firewall, screenLock] of cases) {
    const facts = await collectPosture(NOTHING, machine(files));
    assert.deepEqual([facts.firewall, facts.screenLock], [firewall, screenLock], JSON.stringify(files));
  }
  const wanted = { processes: ['clamd', 'a-name-longer-than-the-kernel-keeps'], files: ['/etc/managed'] };
  const facts = await collectPosture(wanted, machine({ ...process('a-name-longer-t'), 'etc/managed': '' }));
  assert.deepEqual(facts.processes, { clamd: false, 'a-name-longer-than-the-kernel-keeps': true });
  assert.deepEqual(facts.files, { '/etc/managed': true });
});

it('claims nothing on systems that it does not know', async () => {
  const facts = await collectPosture(NOTHING, { platform: 'darwin' });
  assert.deepEqual([facts.platform, facts.diskEncryption, facts.firewall], ['darwin', 'unknown', 'unknown']);
});
