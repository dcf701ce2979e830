/**
 * What this machine can say of itself without being root: read from files of the system, no program is started. What
 * cannot be seen is `unknown`, never guessed.
 */
import { access, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { release } from 'node:os';
import { basename, join } from 'node:path';
import type { DevicePolicyInput, PostureFacts, PostureState } from '@zeronaut/model';

/** Each of these locks the screen by itself. */
const SCREEN_LOCKERS = ['gnome-shell', 'light-locker', 'swayidle', 'xss-lock', 'xautolock', 'xscreensaver', 'hypridle'];
const DISPLAY_SERVERS = ['Xorg', 'Xwayland', 'gnome-shell', 'kwin_wayland', 'sway', 'Hyprland'];
const MAX_DEPTH = 8;

export interface PostureSource {
  /** Where the system's files are. Default: `/`. Tests bring a tree of their own. */
  readonly root?: string;
  readonly platform?: NodeJS.Platform;
}

export async function collectPosture(
  wanted: Pick<DevicePolicyInput, 'processes' | 'files'>,
  { root = '/', platform = process.platform }: PostureSource = {},
): Promise<PostureFacts> {
  const files: Record<string, boolean> = {};
  for (const path of wanted.files) files[path] = await exists(join(root, path));
  if (platform !== 'linux') {
    const unknown = { diskEncryption: 'unknown', firewall: 'unknown', screenLock: 'unknown' } as const;
    return { platform, os: '', osVersion: '', kernel: release(), ...unknown, processes: {}, files };
  }
  const running = await runningProcesses(root);
  const { os, osVersion } = await osRelease(root);
  return {
    platform,
    os,
    osVersion,
    kernel: release().slice(0, 100),
    diskEncryption: await diskEncryption(root),
    firewall: await firewall(root, running),
    screenLock: await screenLock(root, running),
    // The kernel keeps 15 characters of a name.
    processes: Object.fromEntries(wanted.processes.map((name) => [name, running.has(name.slice(0, 15))])),
    files,
  };
}

/** os-release(5). */
async function osRelease(root: string): Promise<{ os: string; osVersion: string }> {
  const text = (await read(join(root, 'etc/os-release'))) ?? (await read(join(root, 'usr/lib/os-release'))) ?? '';
  const value = (name: string) => {
    const line = text.split('\n').find((one) => one.startsWith(`${name}=`));
    return (line?.slice(name.length + 1) ?? '').replace(/^(["'])(.*)\1$/, '$2').slice(0, 60);
  };
  return { os: value('ID'), osVersion: value('VERSION_ID') };
}

async function runningProcesses(root: string): Promise<Set<string>> {
  const names = new Set<string>();
  for (const entry of await list(join(root, 'proc'))) {
    if (!/^\d+$/.test(entry)) continue;
    const name = await read(join(root, 'proc', entry, 'comm'));
    if (name !== null) names.add(name.trimEnd());
  }
  return names;
}

/** Whether the file system of `/` lies on dm-crypt (LUKS), directly or below LVM and RAID. */
async function diskEncryption(root: string): Promise<PostureState> {
  // proc_pid_mountinfo(5): id, parent, major:minor, root, mount point, …, type, source.
  const mounts = ((await read(join(root, 'proc/self/mountinfo'))) ?? '').split('\n').map((line) => line.split(' '));
  const mount = mounts.findLast((fields) => fields[4] === '/');
  if (mount === undefined) return 'unknown';
  const source = mount[mount.indexOf('-') + 2] ?? '';
  // Block devices of their own have a major number; btrfs and overlays show 0 and may name the device.
  const block = mount[2]!.startsWith('0:')
    ? source.startsWith('/dev/')
      ? join('sys/class/block', basename(await resolveDevice(root, source)))
      : null
    : join('sys/dev/block', mount[2]!);
  if (block === null || !(await exists(join(root, block)))) return 'unknown';
  return (await isEncrypted(join(root, block), 0)) ? 'on' : 'off';
}

async function resolveDevice(root: string, source: string): Promise<string> {
  const path = join(root, source);
  return await realpath(path).catch(() => path);
}

/** True when every way down to the disks goes through dm-crypt. */
async function isEncrypted(block: string, depth: number): Promise<boolean> {
  if (((await read(join(block, 'dm/uuid'))) ?? '').startsWith('CRYPT-')) return true;
  const below = await list(join(block, 'slaves'));
  if (below.length === 0 || depth > MAX_DEPTH) return false;
  for (const name of below) if (!(await isEncrypted(join(block, 'slaves', name), depth + 1))) return false;
  return true;
}

/** The rules themselves are for root alone; what is seen is whether something is set to load them. */
async function firewall(root: string, running: ReadonlySet<string>): Promise<PostureState> {
  if (running.has('firewalld')) return 'on';
  const ufw = await read(join(root, 'etc/ufw/ufw.conf'));
  if (ufw !== null && /^ENABLED=yes\s*$/m.test(ufw)) return 'on';
  for (const target of ['sysinit', 'multi-user', 'basic']) {
    for (const unit of ['nftables', 'netfilter-persistent']) {
      const link = join(root, `etc/systemd/system/${target}.target.wants/${unit}.service`);
      if ((await readlink(link).catch(() => null)) !== null) return 'on';
    }
  }
  return ufw === null ? 'unknown' : 'off';
}

/** A machine without a screen has nothing to lock, and says `unknown`. */
async function screenLock(root: string, running: ReadonlySet<string>): Promise<PostureState> {
  if (running.has('plasmashell')) {
    const settings = (await read(join(root, process.env.HOME ?? '/root', '.config/kscreenlockerrc'))) ?? '';
    return /^Autolock=false\s*$/m.test(settings) ? 'off' : 'on';
  }
  if (SCREEN_LOCKERS.some((name) => running.has(name))) return 'on';
  return DISPLAY_SERVERS.some((name) => running.has(name)) ? 'off' : 'unknown';
}

/** Null: it is not there, or not for us. */
async function read(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').catch(() => null);
}

async function list(path: string): Promise<string[]> {
  return await readdir(path).catch(() => []);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
