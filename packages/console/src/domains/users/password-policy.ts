import { Refusal } from '../../store/refusal.ts';
import type { Context } from '../context.ts';

const MIN_LENGTH = 12;

/** Twelve characters and more that everybody tries first. Compared without case, digits at the end and signs. */
const TRIVIAL = new Set(
  `password passwordpassword passwort passwortpasswort qwertyuiop qwertyuiopasdfghjkl qwertzuiop asdfghjkl zxcvbnm
  azertyuiop letmein letmeinplease letmeinnow iloveyou iloveyouforever welcome welcomehome changeme changemenow
  changethis administrator administratoradmin adminadmin adminadminadmin rootroot rootrootroot superuser supersecret
  secretpassword mypassword newpassword defaultpassword temppassword testpassword testtesttest trustno monkeymonkey
  dragondragon footballfootball baseballbaseball sunshinesunshine princessprincess zeronaut zeronautzeronaut
  correcthorsebatterystaple abcdefghijkl abcdefghijklm abcdefghijklmnop onetwothreefour qazwsxedcrfv qwertyqwerty`.split(
    /\s+/,
  ),
);

/** Why one is refused, as the API says it. */
const PROBLEMS = {
  short: `at least ${MIN_LENGTH} characters`,
  address: 'not the e-mail address',
  trivial: 'not one of the passwords that everybody tries first',
  breached: 'not one that is known from a breach',
} as const;
export type PasswordProblem = keyof typeof PROBLEMS;

/** Which of them the words of a refusal are; null: it is about something else. */
export function passwordProblemOf({ errors }: Refusal): PasswordProblem | null {
  const found = Object.entries(PROBLEMS).find(([, words]) => errors?.some(({ message }) => message === words));
  return (found?.[0] as PasswordProblem | undefined) ?? null;
}

/**
 * Length counts, nothing else is prescribed; what is refused are passwords that a guesser tries in the first minute, and those that
 * became known in a breach. Nobody outside is asked.
 */
export async function checkPassword(
  { breachedPasswords }: Pick<Context, 'breachedPasswords'>,
  password: string,
  email: string,
  /** Where in the request it is. */
  path = '/password',
): Promise<Refusal | null> {
  const lower = password.toLowerCase();
  const problem =
    [...password].length < MIN_LENGTH
      ? PROBLEMS.short
      : lower.includes(email.toLowerCase()) || lower.replaceAll(/[^a-z0-9]/g, '') === localPart(email)
        ? PROBLEMS.address
        : isTrivial(lower)
          ? PROBLEMS.trivial
          : (await breachedPasswords.has(password))
            ? PROBLEMS.breached
            : null;
  return problem === null ? null : new Refusal('api.password_weak', { errors: [{ path, message: problem }] });
}

function localPart(email: string): string {
  return email
    .toLowerCase()
    .replace(/@.*$/, '')
    .replaceAll(/[^a-z0-9]/g, '');
}

function isTrivial(lower: string): boolean {
  // One to three characters again and again, and runs such as 123456789012.
  if (/^(.{1,3})\1+.{0,2}$/u.test(lower)) return true;
  if ('0123456789012345678901234567890'.includes(lower) || '9876543210987654321098765432109'.includes(lower))
    return true;
  const letters = lower
    .replaceAll('0', 'o')
    .replaceAll('@', 'a')
    .replaceAll('$', 's')
    .replaceAll(/[^a-z]/g, '');
  const plain = lower.replaceAll(/[^a-z]/g, '');
  return TRIVIAL.has(letters) || TRIVIAL.has(plain) || (plain === '' && /^\d+$/.test(lower) && lower.length < 14);
}
