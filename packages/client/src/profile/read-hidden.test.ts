import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { it } from 'node:test';
import { readAllHidden } from './read-hidden.ts';

const PASSWORD = { what: 'password', whose: 'ada', variable: 'PASSWORD' };
const NEW = { what: 'new password', whose: 'ada', variable: 'NEW', again: true };

/** Asks at a terminal of its own (util-linux script), and types a line after each question. */
async function atTerminal(
  secrets: readonly object[],
  typed: readonly string[],
): Promise<{ seen: string; code: number }> {
  const module = new URL('./read-hidden.ts', import.meta.url).href;
  const program = `
    const { readAllHidden } = await import(${JSON.stringify(module)});
    const read = await readAllHidden(${JSON.stringify(secrets)}, {}).catch((error) => error.message);
    console.log('READ', Buffer.from(JSON.stringify(read)).toString('base64'));
  `;
  const child = spawn('script', ['-qec', `${process.execPath} --input-type=module -e "$PROGRAM"`, '/dev/null'], {
    env: { ...process.env, PROGRAM: program, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let seen = '';
  let asked = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString('latin1');
    if (seen.split(': ').length - 1 > asked) child.stdin.write(typed[asked++] ?? '');
  });
  const [code] = await once(child, 'close');
  return { seen, code };
}

const skip = spawnSync('script', ['--version']).status !== 0 && 'script of util-linux is not installed';
const read = (seen: string) => JSON.parse(Buffer.from(/READ (\S+)/.exec(seen)![1]!, 'base64').toString());

it('shows nothing of what is typed at a terminal', { skip }, async () => {
  const { seen } = await atTerminal([PASSWORD, NEW], ['one-secret\r', 'two-secret\r', 'two-secret\r']);
  assert.deepEqual(read(seen), ['one-secret', 'two-secret']);
  assert.doesNotMatch(seen, /secret/);
  assert.match(seen, /Password for ada: .*New password for ada: .*Once more: /s);
});

it('takes no new secret that was typed in two ways', { skip }, async () => {
  const { seen } = await atTerminal([NEW], ['two-secret\r', 'two-secert\r']);
  assert.match(read(seen), /not the same new password/);
});

it('ends on Ctrl-C at the question', { skip }, async () => {
  const { seen, code } = await atTerminal([PASSWORD], ['half\u0003']);
  assert.equal(code, 130);
  assert.doesNotMatch(seen, /READ|half/);
});

it('reads lines of a pipe in order, asks nothing twice, and takes variables first', async () => {
  const input = new PassThrough();
  input.end('from-pipe\n');
  assert.deepEqual(await readAllHidden([PASSWORD, NEW], { PASSWORD: 'from-variable' }, input), [
    'from-variable',
    'from-pipe',
  ]);
  const empty = new PassThrough();
  empty.end();
  await assert.rejects(readAllHidden([PASSWORD], {}, empty), /no password for ada/);
});
