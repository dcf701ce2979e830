/** Codes on paper for the day the telephone is gone. Each counts once; only hashes are kept. */
import { randomInt } from 'node:crypto';
import type { User } from '@zeronaut/model';
import type { Queries } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { hashToken } from '../random-token.ts';

const CODES = 10;
/** 5 bits each: 80 bits, far too many to guess, so that a plain hash is enough. */
const CODE_LENGTH = 16;
/** Crockford's base32: nothing that looks like something else. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A fresh set; the old one is void. Shown once, in groups of four. */
export async function insertRecoveryCodes(
  queries: Queries,
  user: Pick<User, 'id' | 'organizationId'>,
): Promise<string[]> {
  const codes = Array.from({ length: CODES }, () =>
    Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join(''),
  );
  await queries.deleteFrom('recovery_codes').where('user_id', '=', user.id).execute();
  await queries
    .insertInto('recovery_codes')
    .values(
      codes.map((code) => ({
        organization_id: user.organizationId,
        user_id: user.id,
        code_hash: hashOf(user.id, code),
        used_at: null,
      })),
    )
    .execute();
  return codes.map((code) => code.match(/.{4}/g)!.join('-'));
}

/** Uses the code up. False: there is none like it, or it was used. */
export async function useRecoveryCode(queries: Queries, context: Context, userId: string, code: string) {
  const used = await queries
    .updateTable('recovery_codes')
    .set({ used_at: context.clock() })
    .where('user_id', '=', userId)
    .where('code_hash', '=', hashOf(userId, normalize(code)))
    .where('used_at', 'is', null)
    .returning('code_hash')
    .executeTakeFirst();
  return used !== undefined;
}

/** Crockford reads `o` as zero and `i` and `l` as one; case, spaces and hyphens do not count. */
function normalize(code: string): string {
  return code.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1');
}

function hashOf(userId: string, code: string): string {
  return hashToken(`recovery\n${userId}\n${code}`);
}
