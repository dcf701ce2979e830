// `npm start`: installs and builds what is missing, then runs `zeronaut start` (console and gateway on this machine) on Node 26.
// Everything of substance is in packages/client; this file only bridges from the host's Node and must add no delay.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ensureWeb } from './build-web.mjs';
import { ensurePackages, NODE, ROOT } from './npm-packages.mjs';

ensurePackages();
// Without it the console still runs, and says on its page what is missing.
ensureWeb({ required: false });

const child = spawn(NODE, [join(ROOT, 'packages/client/bin/zeronaut.mjs'), 'start', ...process.argv.slice(2)], {
  stdio: 'inherit',
});

// Ctrl-C in a terminal reaches the child by itself, as it is in the same process group; a second copy would look like
// an impatient second Ctrl-C. Without a terminal a signal was sent to us alone.
const atTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !atTerminal) child.kill(signal);
  });
}
child.on('error', (error) => {
  process.stderr.write(`zeronaut could not be started: ${error.message}\n`);
  process.exitCode = 1;
});
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
