import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort, type SpawnedProcess, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { findProgram } from '../../scripts/needs.mjs';

/** An OpenSSH server on loopback with keys of its own, that lets only one throw-away key in. */
export interface Sshd {
  readonly port: number;
  readonly process: SpawnedProcess;
  /** Arguments of `ssh` that sign in and trust this server under any name and port; the destination comes after them. */
  readonly clientArguments: readonly string[];
  /** `user@host` for the current user. */
  destination(host?: string): string;
}

/** `start` runs a program for as long as the caller wants it. `directives` are further lines of sshd_config. */
export async function startSshd(
  start: (command: string, args: readonly string[]) => SpawnedProcess,
  directives: readonly string[] = [],
): Promise<Sshd> {
  const directory = temporaryDirectory('sshd');
  const [hostKey, userKey] = [join(directory, 'host_key'), join(directory, 'user_key')];
  for (const key of [hostKey, userKey]) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
  }
  const authorized = join(directory, 'authorized_keys');
  writeFileSync(authorized, execFileSync('ssh-keygen', ['-y', '-f', userKey]));
  chmodSync(authorized, 0o600);
  // Where sshd drops its privileges; its package makes it when the service starts, which it never did here.
  if (process.getuid?.() === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 });
  const port = await freePort();
  const config = join(directory, 'sshd_config');
  writeFileSync(
    config,
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${authorized}`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'PrintMotd no',
      'LogLevel ERROR',
      ...directives,
      '',
    ].join('\n'),
  );
  const sshd = findProgram('sshd');
  if (sshd === null) throw new Error('sshd is not installed; see scripts/needs.mjs');
  const server = start(sshd, ['-D', '-e', '-f', config]);
  await waitFor(
    () => {
      if (server.child.exitCode !== null) throw new Error(server.output());
      return accepts(port);
    },
    { what: 'sshd listens' },
  );
  return {
    port,
    process: server,
    clientArguments: [
      ...['-F', 'none', '-i', userKey, '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR'],
      ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'ConnectTimeout=10'],
    ],
    destination: (host = '127.0.0.1') => `${userInfo().username}@${host}`,
  };
}

/** Whether something accepts TCP connections there. */
export function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
