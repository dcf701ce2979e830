import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import {
  type BackendName,
  importDhKeyPair,
  MAX_QUICK_FILE_BYTES,
  parseQuickFile,
  type QuickFile,
  startWireguardInterface,
  type WireguardInterface,
} from '@zeronaut/tunnel/wireguard';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { aborted, onInterrupt } from '../interrupt.ts';
import type { Output } from '../output/output.ts';

const execute = promisify(execFile);

export interface RunWireguardOptions {
  readonly path: string;
  /** Default: the file's name without `.conf`. */
  readonly name: string | undefined;
  readonly hooks: 'run' | 'skip' | undefined;
  /** Default: the kernel's where it has WireGuard, else our own. */
  readonly backend: BackendName | undefined;
  readonly lanes: number | undefined;
  readonly output: Output;
}

/** Runs the interface until it is interrupted or its packet path dies; takes everything back in either case. */
export async function runWireguard({ path, name, hooks, backend, lanes, output }: RunWireguardOptions): Promise<void> {
  const file = readFile(path, output);
  const interfaceName = name ?? basename(path).replace(/\.conf$/, '');
  if (!/^[a-zA-Z0-9_=+.-]{1,15}$/.test(interfaceName) || /^\.+$/.test(interfaceName)) {
    throw usageError(`${interfaceName} is no name of an interface`, 'Give one of at most 15 characters with --name.');
  }
  const { preUp, postUp, preDown, postDown, dns, saveConfig } = file.interface;
  if (hooks === undefined && [preUp, postUp, preDown, postDown].some((commands) => commands.length > 0)) {
    throw usageError(
      `${path} has commands (PreUp, PostUp, PreDown or PostDown), which would run as this user`,
      'Read them, then choose: --hooks run, or --hooks skip.',
    );
  }
  if (dns.length > 0) output.note('DNS of the file is not acted on: set the resolver yourself.');
  if (saveConfig === true) output.note('SaveConfig of the file is not acted on: the file stays as it is.');
  const run = (commands: readonly string[]) =>
    hooks === 'run' ? runHooks(commands, interfaceName, output) : undefined;

  const interrupt = onInterrupt();
  let fail!: (error: Error) => void;
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  await run(preUp);
  const running = await start({
    ...{ name: interfaceName, file, onFailed: fail },
    ...(backend !== undefined && { backend }),
    ...(lanes !== undefined && { lanes }),
  });
  let failure: Error | undefined;
  try {
    await run(postUp);
    const { port } = running;
    const count = file.peers.length;
    const publicKey = publicKeyOf(file);
    output.event('up', { interface: interfaceName, publicKey, port, peers: count, backend: running.backend });
    output.line(
      `${interfaceName} is up on UDP port ${port} with ${count} ${count === 1 ? 'peer' : 'peers'}` +
        `${running.backend === 'kernel' ? ', in the kernel' : ''}; Ctrl-C ends it`,
    );
    output.line(`  public key, for the other side: ${publicKey}`);
    if (running.backend === 'kernel' && lanes !== undefined) output.note('--lanes is for the typescript backend.');
    failure = (await Promise.race([aborted(interrupt.signal), failed])) ?? undefined;
    await run(preDown);
  } finally {
    await running.close();
    interrupt.dispose();
  }
  await run(postDown);
  output.event('down', { interface: interfaceName });
  if (failure !== undefined)
    throw new CliError(`${interfaceName} cannot go on: ${failure.message}`, { cause: failure });
}

/** `readFile` saw to it that there is a private key. */
function publicKeyOf({ interface: { privateKey } }: QuickFile): string {
  return Buffer.from(importDhKeyPair(privateKey as Uint8Array).publicKey).toString('base64');
}

function readFile(path: string, output: Output): QuickFile {
  let text: string;
  try {
    const { size, mode } = statSync(path);
    if (size > MAX_QUICK_FILE_BYTES) throw new Error(`it has more than ${MAX_QUICK_FILE_BYTES} bytes`);
    if ((mode & 0o077) !== 0) output.note(`${path} holds a private key, and others may read it: chmod 600 ${path}`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const message = `${path} cannot be read: ${(error as Error).message}`;
    throw new CliError(message, { reason: 'cli.file', exitCode: EXIT.usage, cause: error });
  }
  const { file, problems } = parseQuickFile(text);
  if (file.interface.privateKey === undefined && problems.length === 0) {
    problems.push({ line: 1, column: 1, message: '[Interface] has no PrivateKey' });
  }
  if (problems.length > 0) {
    throw new CliError(`${path} is not valid`, {
      reason: 'cli.file',
      exitCode: EXIT.usage,
      details: problems.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`),
    });
  }
  return file;
}

async function start(options: Parameters<typeof startWireguardInterface>[0]): Promise<WireguardInterface> {
  try {
    return await startWireguardInterface(options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const next =
      code === 'EPERM' || code === 'EACCES'
        ? 'An interface needs root or CAP_NET_ADMIN.'
        : code === 'EADDRINUSE'
          ? 'Another program has the port or the control socket: choose another ListenPort or --name.'
          : code === 'EBUSY'
            ? `Choose another name with --name, or remove what is left of a killed program: ip link delete ${options.name}`
            : code === 'ENOSYS' && options.backend === 'kernel'
              ? 'Leave --backend out.'
              : '';
    throw new CliError(`${options.name} cannot be brought up: ${message}`, { next, cause: error });
  }
}

/** Commands of the file, one after another, in a shell, `%i` being the interface, as wg-quick runs them. */
async function runHooks(commands: readonly string[], interfaceName: string, output: Output): Promise<void> {
  for (const command of commands) {
    const text = command.replaceAll('%i', interfaceName);
    output.note(`# ${text}`);
    try {
      await execute('/bin/sh', ['-c', text]);
    } catch (error) {
      const { stderr = '' } = error as { stderr?: string };
      throw new CliError(`the command of the file failed: ${text}`, {
        details: stderr.split('\n').slice(0, 5),
        cause: error,
      });
    }
  }
}
