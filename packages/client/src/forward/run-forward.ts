import { type Fault, isReason, REASONS } from '@zeronaut/model';
import { TunnelSet } from '../agent/tunnel-set.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { aborted, onInterrupt } from '../interrupt.ts';
import { formatBytes, formatDuration, formatTime } from '../output/format.ts';
import { explain, LinkReport } from '../output/link-report.ts';
import type { Output } from '../output/output.ts';
import { chooseConnection } from '../profile/connection.ts';
import { devicePending, ensureDevice } from '../profile/device.ts';
import { AgentState } from '../profile/state.ts';
import type { ForwardedConnection, ForwardHooks, ForwardListener } from './forwarder.ts';
import { listenTcp } from './listen-tcp.ts';
import { listenUdp } from './listen-udp.ts';
import type { ForwardRule } from './rule.ts';

export interface ForwardRun {
  readonly rules: readonly ForwardRule[];
  readonly protocol: 'tcp' | 'udp';
  readonly output: Output;
  readonly profile: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
}

const FIRST_TUNNEL_MS = 15_000;

/**
 * `zeronaut forward`: listens locally and sends what comes through a gateway to whatever agent or site reaches the
 * remote address. The gateway decides, per connection, whether policy lets this user; its refusal is shown.
 */
export async function runForward(run: ForwardRun): Promise<void> {
  const { output, rules, protocol } = run;
  const connection = chooseConnection({ profile: run.profile, environment: run.environment });
  const device = await ensureDevice(connection);
  const interrupt = onInterrupt();
  const report = new LinkReport(output);
  let lastFault = '';
  const tunnels = new TunnelSet({
    connection,
    device,
    state: new AgentState(connection),
    onUp: (link) => report.onUp(link.endpoint.name),
    onDown(endpoint, fault, nextTryMs) {
      lastFault = fault.code;
      report.onDown(endpoint.name, fault, nextTryMs);
    },
    onConsoleTrouble: (error) => report.onConsoleTrouble(error),
    onConsoleAnswered: () => report.onConsoleAnswered(),
  });
  const listeners: ForwardListener[] = [];
  try {
    const hooks = createHooks(output, () => listeners.reduce((sum, { openCount }) => sum + openCount, 0));
    for (const rule of rules) {
      const listener = await (protocol === 'udp' ? listenUdp : listenTcp)(tunnels, rule, hooks);
      listeners.push(listener);
    }
    tunnels.start();
    const link = await Promise.race([tunnels.waitForLink(FIRST_TUNNEL_MS), aborted(interrupt.signal).then(() => null)]);
    if (link === null && !interrupt.signal.aborted) {
      if (lastFault === 'access.device_pending') throw devicePending(device.deviceId);
      throw new CliError('no gateway can be reached', {
        reason: 'cli.gateway_unreachable',
        next: 'See zeronaut status.',
        exitCode: EXIT.gatewayUnreachable,
      });
    }
    output.event('ready', {
      protocol,
      forwards: listeners.map(({ address }, index) => ({ local: address, remote: rules[index]!.remote })),
    });
    for (const [index, { address }] of listeners.entries()) {
      output.line(`  ${output.style('green', address)}  →  ${rules[index]!.remote}  (${protocol})`);
    }
    output.line(output.style('dim', '  Connections are shown below. Ctrl-C stops.'));
    await aborted(interrupt.signal);
    output.event('stopped');
    output.line('\nStopped.');
  } finally {
    await Promise.all(listeners.map((listener) => listener.close()));
    tunnels.stop();
    interrupt.dispose();
  }
}

function createHooks(output: Output, openCount: () => number): ForwardHooks {
  const explained = new Set<string>();
  const now = () => output.style('dim', formatTime(new Date()));
  return {
    onOpen(connection, gateway) {
      const { number, source, rule, protocol } = connection;
      output.event('open', { connection: number, protocol, source, remote: rule.remote, gateway });
      output.line(`${now()}  #${number} open   ${source} → ${rule.remote}  (${openCount()} open)`);
    },
    onClose(connection, fault) {
      const { number, rule, bytesIn, bytesOut, startedAt } = connection;
      const durationMs = performance.now() - startedAt;
      output.event('close', {
        connection: number,
        remote: rule.remote,
        bytesIn,
        bytesOut,
        durationMs,
        reason: fault?.code ?? null,
      });
      const sum = `${formatDuration(durationMs)}, ${formatBytes(bytesOut)} out, ${formatBytes(bytesIn)} in`;
      output.line(`${now()}  #${number} close  ${rule.remote}  ${sum}${failure(output, fault)}`);
      if (fault !== null) explainOnce(output, explained, connection, fault);
    },
  };
}

function failure(output: Output, fault: Fault | null): string {
  return fault === null ? '' : `  ${output.style('red', explain(fault.code))}`;
}

/** What to do about it, once for each reason and destination: a pool of a hundred connections must not say it a hundred times. */
function explainOnce(output: Output, explained: Set<string>, { rule }: ForwardedConnection, fault: Fault): void {
  const next = isReason(fault.code) ? REASONS[fault.code].next : '';
  const key = `${fault.code} ${rule.remote}`;
  if (next === '' || explained.has(key)) return;
  explained.add(key);
  output.note(`  next: ${next}`);
}
