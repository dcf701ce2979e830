/**
 * Sign-in with a directory: the person's password is tried by a bind and kept nowhere. An empty password never gets that
 * far, because a bind with a name and no password succeeds as nobody (RFC 4513, 5.1.2). What a person types goes into
 * filters and names only escaped.
 */
import { email as emailSchema } from '@zeronaut/model';
import { type Client, type Entry, Filter, PasswordPolicyControl, PasswordPolicyError, ResultCodeError } from 'ldapts';
import { Refusal } from '../../store/refusal.ts';
import type { Context } from '../context.ts';
import { textClaim } from './claims.ts';
import type { AssertedIdentity } from './external-sign-in.ts';
import { withDirectory } from './ldap-connection.ts';
import { groupsOf, textOf, textsOf } from './ldap-groups.ts';
import { openSecret, type Provider } from './provider-rows.ts';

const MAX_USERNAME = 254;
/** LDAP result code `invalidCredentials`. */
const INVALID_CREDENTIALS = 49;
/** What Active Directory says in the text of a refused bind: expired (532), must be changed (773). */
const ACTIVE_DIRECTORY_EXPIRED = /\bdata (?:532|773)\b/;

export async function askDirectory(
  context: Context,
  provider: Provider<'ldap'>,
  username: string,
  password: string,
): Promise<AssertedIdentity | Refusal> {
  if (password === '' || username === '' || username.length > MAX_USERNAME || /\p{Cc}/u.test(username)) {
    return new Refusal('api.credentials_invalid');
  }
  return await guarded(() =>
    withDirectory(context, provider, async (open) => {
      const reader = await open();
      if (provider.settings.userDn !== null) {
        const dn = provider.settings.userDn.replaceAll('{username}', escapeDn(username));
        const refused = await bindAsPerson(reader, dn, password);
        if (refused !== null) return refused;
        const entry = await findPerson(reader, provider, username);
        return entry instanceof Refusal ? entry : await toIdentity(reader, provider, entry);
      }
      await reader.bind(provider.settings.bindDn!, openSecret(context, provider) ?? '');
      const entry = await findPerson(reader, provider, username);
      if (entry instanceof Refusal) return entry;
      // On a connection of its own: what follows is read as the reader, who may see groups that the person may not.
      const refused = await bindAsPerson(await open(), entry.dn, password);
      return refused ?? (await toIdentity(reader, provider, entry));
    }),
  );
}

/** Whether the directory answers, and whether its reader may search. */
export async function checkDirectory(context: Context, provider: Provider<'ldap'>): Promise<string | Refusal> {
  return await guarded(() =>
    withDirectory(context, provider, async (open) => {
      const client = await open();
      if (provider.settings.bindDn === null) {
        await client.search('', { scope: 'base', attributes: ['namingContexts'] });
        return 'it answers; who may sign in is seen at a sign-in';
      }
      await client.bind(provider.settings.bindDn, openSecret(context, provider) ?? '');
      const { searchEntries } = await client.search(provider.settings.baseDn, { scope: 'base', attributes: ['1.1'] });
      return searchEntries.length === 1
        ? `bound as ${provider.settings.bindDn}, ${provider.settings.baseDn} is there`
        : new Refusal('idp.answer_invalid', { detail: `${provider.settings.baseDn} is not there` });
    }),
  );
}

async function guarded<T>(work: () => Promise<T | Refusal>): Promise<T | Refusal> {
  try {
    return await work();
  } catch (error) {
    const { code, message } = error as Error & { code?: unknown };
    if (error instanceof ResultCodeError) {
      return new Refusal('idp.answer_invalid', { detail: `LDAP result ${String(code)}: ${message.slice(0, 200)}` });
    }
    if (error instanceof Error) return new Refusal('outbound.unreachable', { detail: message.slice(0, 200) });
    throw error;
  }
}

/** Null: the password is right and may be used. */
async function bindAsPerson(client: Client, dn: string, password: string): Promise<Refusal | null> {
  const policy = new PasswordPolicyControl();
  const expired = () => new Refusal('idp.password_expired');
  try {
    await client.bind(dn, password, policy);
  } catch (error) {
    if (!(error instanceof ResultCodeError)) throw error;
    if (policy.value?.error === PasswordPolicyError.PasswordExpired) return expired();
    if (ACTIVE_DIRECTORY_EXPIRED.test(error.message)) return expired();
    // Locked and unknown look like a wrong password to the outside; the audit entry has the difference.
    const detail =
      policy.value?.error === PasswordPolicyError.AccountLocked
        ? 'the directory locked the account'
        : `LDAP result ${error.code}`;
    if (error.code === INVALID_CREDENTIALS || policy.value?.error !== undefined) {
      return new Refusal('api.credentials_invalid', { detail });
    }
    throw error;
  }
  return policy.value?.error === PasswordPolicyError.ChangeAfterReset ? expired() : null;
}

async function findPerson(client: Client, { settings }: Provider<'ldap'>, username: string): Promise<Entry | Refusal> {
  const { id, email, name } = settings.attributes;
  const { searchEntries } = await client.search(settings.baseDn, {
    scope: 'sub',
    filter: settings.userFilter.replaceAll('{username}', Filter.escape(username)),
    attributes: [id, email, name, 'memberOf'],
    explicitBufferAttributes: ['objectGUID'],
    sizeLimit: 2,
  });
  // Two entries for one name: nobody can say whose password it is.
  return searchEntries.length === 1
    ? searchEntries[0]!
    : new Refusal('api.credentials_invalid', { detail: `${searchEntries.length} entries have this name` });
}

async function toIdentity(
  client: Client,
  provider: Provider<'ldap'>,
  entry: Entry,
): Promise<AssertedIdentity | Refusal> {
  const { id, email, name } = provider.settings.attributes;
  const value = entry[id];
  const subject = Buffer.isBuffer(value) ? value.toString('hex') : textOf(value);
  if (subject === null || subject === '')
    return new Refusal('idp.answer_invalid', { detail: `the entry has no ${id}` });
  const address = emailSchema.safeParse(textOf(entry[email]) ?? '');
  return {
    subject,
    // The directory is the organization's own; what it says of an address is taken as verified.
    email: address.success ? address.data : null,
    name: textClaim(textOf(entry[name])),
    groups: await groupsOf(client, provider, entry.dn, textsOf(entry.memberOf)),
    providerSessionId: null,
  };
}

/** RFC 4514, 2.4: what a value needs to stay a value within a distinguished name. */
export function escapeDn(value: string): string {
  return value
    .replaceAll(/[\\",+<>;=]/g, (character) => `\\${character}`)
    .replaceAll('\0', '\\00')
    .replace(/^[ #]/, (character) => `\\${character}`)
    .replace(/ $/, '\\ ');
}
