import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { program, type Stage } from './stage.ts';

/**
 * The peer of a tunnel: `ssh -R` with aes128-gcm to an sshd of our own, sshd where our gateway runs and ssh where our
 * agent runs. `-tt`: only with a terminal does sshd set TCP_NODELAY on the transport; without it a 40 ms tail would
 * flatter us. Resolves to the port that sshd listens on.
 */
export async function startSshTunnel(stage: Stage, originPort: number): Promise<{ port: number }> {
  const directory = temporaryDirectory('ssh');
  const hostKey = join(directory, 'host_key');
  const userKey = join(directory, 'user_key');
  for (const key of [hostKey, userKey]) {
    execFileSync(program('ssh-keygen'), ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
  }
  const authorized = join(directory, 'authorized_keys');
  writeFileSync(authorized, execFileSync(program('ssh-keygen'), ['-y', '-f', userKey]));
  chmodSync(authorized, 0o600);
  // Where sshd drops its privileges; its package makes it when the service starts, which it never did here.
  if (process.getuid?.() === 0 && !existsSync('/run/sshd')) mkdirSync('/run/sshd', { mode: 0o755 });

  const [sshPort, port] = [await freePort(), await freePort()];
  const config = join(directory, 'sshd_config');
  writeFileSync(
    config,
    `Port ${sshPort}
ListenAddress 127.0.0.1
HostKey ${hostKey}
AuthorizedKeysFile ${authorized}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding yes
PrintMotd no
Ciphers aes128-gcm@openssh.com
LogLevel ERROR
`,
  );
  const server = stage.start(stage.subjectCore, program('sshd'), ['-D', '-e', '-f', config]);
  await waitFor(
    () => {
      if (server.child.exitCode !== null) throw new Error(server.output());
      return portOpen(sshPort);
    },
    { what: 'sshd listens' },
  );
  const client = stage.start(stage.loadCore, program('ssh'), [
    ...['-tt', '-F', 'none', '-i', userKey, '-p', String(sshPort), '-c', 'aes128-gcm@openssh.com'],
    ...['-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${join(directory, 'known_hosts')}`],
    ...['-o', 'ExitOnForwardFailure=yes', '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR'],
    ...['-R', `127.0.0.1:${port}:127.0.0.1:${originPort}`, `${userInfo().username}@127.0.0.1`, 'sleep infinity'],
  ]);
  await waitFor(
    async () => {
      if (client.child.exitCode !== null) throw new Error(client.output() + server.output());
      return (await fetch(`http://127.0.0.1:${port}/`)).ok;
    },
    { what: 'the ssh tunnel answers', timeoutMs: 10_000 },
  );
  return { port };
}

async function portOpen(port: number): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
