import { execFile } from 'node:child_process';

/** Output of a listing: ten thousand routes are about a megabyte. */
const MAX_OUTPUT_BYTES = 64 << 20;

/** Runs `ip` of iproute2 and resolves with what it printed. Rejects with its words, and `code: 'ENOENT'` where it is missing. */
export function ip(...args: readonly string[]): Promise<string> {
  return run(args, '');
}

/** Runs many commands of one family in one process, up to the first that fails. */
export async function ipBatch(family: '-4' | '-6', commands: readonly string[]): Promise<void> {
  if (commands.length > 0) await run([family, '-batch', '-'], `${commands.join('\n')}\n`);
}

function run(args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('ip', [...args], { maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
      } else if (error.code === 'ENOENT') {
        const message = 'the program ip is needed to set addresses and routes (package iproute2)';
        reject(Object.assign(new Error(message), { code: error.code }));
      } else {
        reject(new Error(`ip ${args.join(' ')}: ${stderr.trim() || String(error.code)}`, { cause: error }));
      }
    });
    // If it ended without reading, its exit code says so.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}
