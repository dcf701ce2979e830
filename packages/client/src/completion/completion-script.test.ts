import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { createProgram } from '../program.ts';
import { completionScript } from './completion-script.ts';

const program = createProgram({ stdout: process.stdout, stderr: process.stderr, environment: {} });

describe('the bash script, run by bash', () => {
  const script = completionScript(program, 'bash');
  const complete = (...words: string[]) => {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const driver = `${script}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _zeronaut; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', driver], { encoding: 'utf8' }).trim().split('\n');
  };

  it('completes commands', () => {
    assert.deepEqual(complete('zeronaut', 'ex'), ['expose']);
    assert.ok(complete('zeronaut', '').includes('forward'));
  });
  it('completes subcommands and leaves others alone', () => {
    assert.deepEqual(complete('zeronaut', 'services', 's'), ['show', 'stop', 'start']);
    assert.deepEqual(complete('zeronaut', 'agent', 'r'), ['run']);
  });
  it('completes options of the command at hand, past its arguments', () => {
    assert.deepEqual(complete('zeronaut', 'expose', '3000', 'http', '--pr'), ['--profile', '--proxy-protocol']);
    assert.deepEqual(complete('zeronaut', 'resources', 'apply', '--dr'), ['--dry-run']);
  });
  it('completes the choices of arguments', () => {
    assert.deepEqual(complete('zeronaut', 'expose', '3000', 'h'), ['http', 'https']);
    assert.deepEqual(complete('zeronaut', 'completion', 'f'), ['fish']);
  });
});

it('names every command in the scripts of the other shells', () => {
  for (const shell of ['zsh', 'fish'] as const) {
    const script = completionScript(program, shell);
    for (const command of program.commands) assert.ok(script.includes(command.name()), `${shell}: ${command.name()}`);
    assert.ok(script.includes('proxy-protocol'));
  }
});
