import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type PolicyInput, policyInput } from '@zeronaut/model';
import { checkPolicy, splitPolicies } from '@zeronaut/policy/authoring';
import { CliError, unreadableFile } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';

const EXTENSION = '.cedar';
const MAX_MISTAKES_SHOWN = 20;

/**
 * Policies of files and directories (`-`: standard input), checked as the console would. Throws a CliError that names
 * each mistake as `file:line:column: …`.
 */
export function readPolicyFiles(paths: readonly string[]): PolicyInput[] {
  const mistakes: string[] = [];
  const policies: PolicyInput[] = [];
  const places = new Map<string, string>();
  for (const path of paths.flatMap(filesOf)) {
    for (const { policy, line } of policiesOf(path, mistakes)) {
      const place = `${path}:${line}`;
      const earlier = places.get(policy.name);
      if (earlier !== undefined) mistakes.push(`${place}:1: @id("${policy.name}") is in ${earlier}, too`);
      places.set(policy.name, place);
      policies.push(policy);
    }
  }
  if (mistakes.length > 0) {
    const shown = mistakes.slice(0, MAX_MISTAKES_SHOWN);
    const more = mistakes.length - shown.length;
    throw new CliError(`${mistakes.length === 1 ? 'a policy is' : `${mistakes.length} policies are`} wrong`, {
      reason: 'policy.invalid',
      next: 'Mend what is named and try again.',
      exitCode: EXIT.usage,
      details: more > 0 ? [...shown, `and ${more} more`] : shown,
    });
  }
  return policies;
}

function filesOf(path: string): string[] {
  if (path === '-') return ['-'];
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(EXTENSION));
    if (names.length > 0) return names.sort().map((name) => join(path, name));
  } catch (error) {
    throw unreadableFile(path, error);
  }
  throw new CliError(`cannot read ${path}: there is no *${EXTENSION} file in it`, {
    reason: 'config.invalid',
    next: 'Check the path.',
    exitCode: EXIT.usage,
  });
}

function policiesOf(path: string, mistakes: string[]): { policy: PolicyInput; line: number }[] {
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw unreadableFile(path, error);
  }
  const parts = splitPolicies(text);
  if (!parts.ok) {
    for (const { line, column, message, help } of parts.problems) {
      mistakes.push(`${path}:${line}:${column}: ${message}${help === '' ? '' : ` (${help})`}`);
    }
    return [];
  }
  const found: { policy: PolicyInput; line: number }[] = [];
  for (const part of parts.policies) {
    const check = checkPolicy(part.text);
    if (!check.ok) {
      for (const { line, column, message, help } of check.problems) {
        mistakes.push(`${path}:${part.line + line - 1}:${column}: ${message}${help === '' ? '' : ` (${help})`}`);
      }
      continue;
    }
    const { id, description, mode } = check.annotations;
    const policy = policyInput.safeParse({
      name: id,
      ...(description !== undefined && { description }),
      ...(mode !== undefined && { mode }),
      text: part.text,
    });
    if (policy.success) found.push({ policy: policy.data, line: part.line });
    else {
      const issue = policy.error.issues[0]!;
      const what = issue.path[0] === 'name' ? '@id("name")' : `@${String(issue.path[0])}("…")`;
      mistakes.push(`${path}:${part.line}:1: ${what}: ${issue.message}`);
    }
  }
  return found;
}
