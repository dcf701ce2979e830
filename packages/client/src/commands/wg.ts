import type { BackendName } from '@zeronaut/tunnel/wireguard';
import { type Command, InvalidArgumentError } from 'commander';
import { type CommandLine, type CommonOptions, createCommand, createGroup, outputOf } from './command-line.ts';

interface RunOptions extends CommonOptions {
  readonly name?: string;
  readonly hooks?: 'run' | 'skip';
  readonly backend?: BackendName;
  readonly lanes?: number;
}

export function wgCommand(line: CommandLine): Command {
  const group = createGroup('wg', 'plain WireGuard interfaces, without a console');
  group.addCommand(runCommand(line));
  group.addCommand(showCommand(line));
  for (const kind of ['genkey', 'genpsk', 'pubkey'] as const) group.addCommand(keyCommand(line, kind));
  return group;
}

function runCommand(line: CommandLine): Command {
  return createCommand('run', {
    summary: 'bring up an interface from a WireGuard file until Ctrl-C',
    description:
      'Makes the interface with its addresses and routes, and serves wg of wireguard-tools. Linux; needs root or ' +
      'CAP_NET_ADMIN. DNS and SaveConfig of the file are not acted on; the commands of PreUp, PostUp, PreDown and ' +
      'PostDown only with --hooks.',
    examples: ['wg run /etc/wireguard/wg0.conf', 'wg run office.conf --name wg1 --hooks run'],
    profile: false,
  })
    .argument('<file>', 'as for wg-quick: sections [Interface] and [Peer]')
    .option('--name <interface>', 'name of the interface (default: that of the file without .conf)')
    .option(
      '--hooks <run|skip>',
      'what to do with the commands in the file (default: refuse a file that has any)',
      parseHooks,
    )
    .option(
      '--backend <kernel|typescript>',
      'who moves the packets (default: the kernel where it has WireGuard, else our own)',
      parseBackend,
    )
    .option(
      '--lanes <n>',
      'pairs of packet threads of the typescript backend, 1 to 8 (default: one for two cores, at most 4)',
      parseLanes,
    )
    .action(async (file: string, options: RunOptions) => {
      const { runWireguard } = await import('../wireguard/run-wireguard.ts');
      const { name, hooks, backend, lanes } = options;
      await runWireguard({ path: file, name, hooks, backend, lanes, output: outputOf(line, options) });
    });
}

function showCommand(line: CommandLine): Command {
  return createCommand('show', {
    summary: 'state of the WireGuard interfaces of this machine, in programs and in the kernel',
    examples: ['wg show', 'wg show wg0', 'wg show wg0 --json'],
    profile: false,
  })
    .argument('[interface]', 'one only')
    .action(async (name: string | undefined, options: CommonOptions) => {
      const { showWireguard } = await import('../wireguard/show-wireguard.ts');
      await showWireguard(name, outputOf(line, options));
    });
}

function keyCommand(line: CommandLine, kind: 'genkey' | 'genpsk' | 'pubkey'): Command {
  const summaries = {
    genkey: 'print a new private key',
    genpsk: 'print a new pre-shared key',
    pubkey: 'read a private key from standard input and print its public key',
  };
  const examples = kind === 'pubkey' ? ['wg pubkey < private.key'] : [`wg ${kind}`];
  return createCommand(kind, { summary: summaries[kind], examples, profile: false }).action(
    async (options: CommonOptions) => {
      const { printKey } = await import('../wireguard/print-key.ts');
      await printKey(kind, outputOf(line, options));
    },
  );
}

function parseLanes(text: string): number {
  if (!/^[1-8]$/.test(text)) throw new InvalidArgumentError('Expected a number from 1 to 8.');
  return Number(text);
}

function parseBackend(text: string): BackendName {
  if (text !== 'kernel' && text !== 'typescript') throw new InvalidArgumentError('Expected kernel or typescript.');
  return text;
}

function parseHooks(text: string): 'run' | 'skip' {
  if (text !== 'run' && text !== 'skip') throw new InvalidArgumentError('Expected run or skip.');
  return text;
}
