import type { AccessInput, AccessRule } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Context } from '../context.ts';

/**
 * Passwords become hashes here, and only hashes go further. A password that was there before keeps its hash, so that
 * declaring the same thing again changes nothing; an absent one means the one that is there.
 */
export async function hashAccess(
  context: Context,
  input: AccessInput,
  before: AccessRule | null,
): Promise<AccessRule | Refusal> {
  const basic = [];
  for (const [i, { username, password }] of input.basic.entries()) {
    const known = before?.basic.find((credential) => credential.username === username);
    if (password === undefined) {
      if (known !== undefined) basic.push(known);
      else {
        const message = 'a new user name needs a password';
        return new Refusal('api.invalid', { errors: [{ path: `/access/basic/${i}/password`, message }] });
      }
      continue;
    }
    const unchanged = known !== undefined && (await context.passwords.verify(password, known.passwordHash));
    basic.push({ username, passwordHash: unchanged ? known.passwordHash : await context.passwords.hash(password) });
  }
  return { mode: input.mode, allow: input.allow, addresses: input.addresses, basic, tokens: input.tokens };
}

/** The rule as people may see it: user names without hashes, which could be guessed at off line. */
export function redactAccess(rule: AccessRule): AccessRule {
  return {
    ...rule,
    basic: rule.basic.map(({ username }) => ({ username, passwordHash: '$argon2id$redacted' })),
  };
}
