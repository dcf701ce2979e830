import { freePort, waitFor } from '@zeronaut/testkit';
import { startSshd } from '../../e2e/harness/sshd.ts';
import { program, type Stage } from './stage.ts';
import type { Endpoint } from './wrk.ts';

/**
 * The peer of a tunnel: `ssh -R` with aes128-gcm to an sshd of our own, sshd where our gateway runs and ssh where our
 * agent runs. `-tt`: only with a terminal does sshd set TCP_NODELAY on the transport; without it a 40 ms tail would
 * flatter us. Resolves to the port that sshd listens on and to both programs.
 */
export async function startSshTunnel(stage: Stage, originPort: number): Promise<Endpoint> {
  const sshd = await startSshd(
    (command, args) => stage.start(stage.subjectCore, command, args),
    ['AllowTcpForwarding yes', 'Ciphers aes128-gcm@openssh.com'],
  );
  const port = await freePort();
  const client = stage.start(stage.loadCore, program('ssh'), [
    ...['-tt', ...sshd.clientArguments, '-p', String(sshd.port), '-c', 'aes128-gcm@openssh.com'],
    ...['-o', 'ExitOnForwardFailure=yes', '-R', `127.0.0.1:${port}:127.0.0.1:${originPort}`],
    ...[sshd.destination(), 'sleep infinity'],
  ]);
  await waitFor(
    async () => {
      if (client.child.exitCode !== null) throw new Error(client.output() + sshd.process.output());
      return (await fetch(`http://127.0.0.1:${port}/`)).ok;
    },
    { what: 'the ssh tunnel answers', timeoutMs: 10_000 },
  );
  return { port, pids: [sshd.process.pid, client.pid] };
}
