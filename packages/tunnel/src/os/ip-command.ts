import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs `ip` of iproute2 and resolves with what it printed. Rejects with its words, and `code: 'ENOENT'` where it is missing. */
export async function ip(...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute('ip', [...args]);
    return stdout;
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') {
      const message = 'the program ip is needed to set addresses and routes (package iproute2)';
      throw Object.assign(new Error(message), { code });
    }
    throw new Error(`ip ${args.join(' ')}: ${stderr.trim() || String(code)}`, { cause: error });
  }
}
