/**
 * A virtual machine with a Debian kernel over this machine's own files: for what needs a kernel that the machine does not run. It
 * sees everything read-only, writes into its memory, has no network, and takes about ten seconds to start (software emulation).
 * Debian's qemu-system-x86, linux-image-amd64, busybox, kmod and xz-utils are needed.
 */
import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';
import { spawnProcess, temporaryDirectory } from '@zeronaut/testkit';
import { findProgram } from '../../scripts/needs.mjs';

/** Loaded in this order, with what they depend on. */
const MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'virtio_rng', 'wireguard', 'tun', 'veth'];

/** A kernel of this machine's disk with these modules; null without one. */
function findKernel(): { version: string; image: string } | null {
  if (!existsSync('/lib/modules')) return null;
  for (const version of readdirSync('/lib/modules')) {
    const image = `/boot/vmlinuz-${version}`;
    const modules = `/lib/modules/${version}/kernel`;
    if (existsSync(image) && existsSync(`${modules}/drivers/net/wireguard`) && existsSync(`${modules}/fs/9p`)) {
      return { version, image };
    }
  }
  return null;
}

/** Why there can be no such machine here; null when there can. */
export function kernelVmMissing(): string | null {
  if (process.arch !== 'x64') return 'the virtual machine is built for x86-64';
  if (findKernel() === null) return 'there is no kernel with WireGuard and 9p in /boot';
  const missing = ['qemu-system-x86_64', 'busybox', 'modprobe', 'xz'].find((name) => findProgram(name) === null);
  return missing === undefined ? null : `${missing} is not installed`;
}

/** Runs a bash script as root inside, from start to power-off; resolves with all it printed. */
export async function runInKernelVm(
  t: TestContext,
  options: { script: string; timeoutMs: number },
): Promise<{ output: string; seconds: number }> {
  const kernel = findKernel() as { version: string; image: string };
  const directory = temporaryDirectory(t);
  const initrd = join(directory, 'initrd');
  writeFileSync(initrd, cpio(initramfs(kernel.version, options.script)));
  const started = performance.now();
  const machine = spawnProcess(
    t,
    findProgram('qemu-system-x86_64') as string,
    [
      ...[
        '-m',
        '2G',
        // One emulated thread: with several, V8's compiled WebAssembly, which it patches while others run it, crashes now and then.
        '-smp',
        '1',
        '-accel',
        'tcg,thread=single',
        '-cpu',
        'max',
        '-nographic',
        '-no-reboot',
        '-nic',
        'none',
      ],
      ...['-kernel', kernel.image, '-initrd', initrd, '-append', 'console=ttyS0 panic=-1 quiet'],
      ...['-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap'],
      ...['-device', 'virtio-rng-pci'],
    ],
    { cwd: directory },
  );
  const timeout = setTimeout(() => machine.kill('SIGKILL'), options.timeoutMs);
  await machine.exited;
  clearTimeout(timeout);
  return { output: machine.output(), seconds: (performance.now() - started) / 1000 };
}

interface File {
  readonly path: string;
  /** Undefined: a directory. */
  readonly content?: Uint8Array;
}

/** Loads the modules, puts a layer of memory over the machine's files, and runs the script there. */
function initramfs(version: string, script: string): File[] {
  const busybox = findProgram('busybox') as string;
  const libraries = [...execFileSync('ldd', [busybox], { encoding: 'utf8' }).matchAll(/(?:^|\s)(\/\S+)(?= \(0x)/gm)];
  const modules = modulesOf(version);
  const init = `#!/bin/busybox sh
bb=/bin/busybox
$bb mount -t proc proc /proc; $bb mount -t sysfs sys /sys; $bb mount -t devtmpfs dev /dev
${modules.map(({ name }) => `$bb insmod /modules/${name}`).join('\n')}
$bb mount -t 9p -o trans=virtio,version=9p2000.L,msize=1048576,cache=loose,ro host /low
$bb mount -t tmpfs tmpfs /up; $bb mkdir /up/upper /up/work
$bb mount -t overlay -o lowerdir=/low,upperdir=/up/upper,workdir=/up/work over /new
for each in proc sys dev; do $bb mount --move /$each /new/$each; done
for each in run tmp; do $bb mount -t tmpfs tmpfs /new/$each; done
$bb cp /script /new/tmp/script
exec $bb chroot /new /bin/bash /tmp/script
`;
  const whole = `export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp
ip link set lo up
${script}
sync; echo o > /proc/sysrq-trigger; sleep 60
`;
  return [
    ...['bin', 'lib', 'lib64', 'lib/x86_64-linux-gnu', 'modules', 'proc', 'sys', 'dev', 'low', 'up', 'new'].map(
      (path) => ({
        path,
      }),
    ),
    { path: 'init', content: Buffer.from(init) },
    { path: 'script', content: Buffer.from(whole) },
    { path: 'bin/busybox', content: readFileSync(busybox) },
    // Where the loader looks: it is named by its full path, they are in a directory of its list.
    ...libraries.map(([, path]) => ({
      path: path?.startsWith('/lib64/') ? path.slice(1) : `lib/x86_64-linux-gnu/${basename(path as string)}`,
      content: readFileSync(path as string),
    })),
    ...modules.map(({ name, content }) => ({ path: `modules/${name}`, content })),
  ];
}

function modulesOf(version: string): { name: string; content: Uint8Array }[] {
  const paths = new Set<string>();
  for (const name of MODULES) {
    const options: ExecFileSyncOptionsWithStringEncoding = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    let lines = '';
    try {
      lines = execFileSync(findProgram('modprobe') as string, ['-S', version, '--show-depends', name], options);
    } catch {
      // Built into this kernel, or there is none; a file system that is missing then says so.
    }
    for (const [, path] of lines.matchAll(/^insmod (\S+)/gm)) paths.add(path as string);
  }
  return [...paths].map((path) => ({
    name: basename(path).replace(/\.xz$/, ''),
    content: path.endsWith('.xz') ? execFileSync('xz', ['-dc', path], { maxBuffer: 1 << 28 }) : readFileSync(path),
  }));
}

/** The "newc" format that Linux takes (Documentation/driver-api/early-userspace/buffer-format.rst). */
function cpio(files: readonly File[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const pad = (length: number) => new Uint8Array((4 - (length % 4)) % 4);
  for (const [index, { path, content }] of [...files, { path: 'TRAILER!!!', content: new Uint8Array(0) }].entries()) {
    const mode = content === undefined ? 0o40_755 : 0o100_755;
    const name = Buffer.from(`${path}\0`);
    const size = content?.length ?? 0;
    const fields = [index + 1, mode, 0, 0, content === undefined ? 2 : 1, 0, size, 0, 0, 0, 0, name.length, 0];
    const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
    parts.push(header, name, pad(header.length + name.length));
    if (content !== undefined) parts.push(content, pad(size));
  }
  return Buffer.concat(parts);
}
