import { type Client, Filter } from 'ldapts';
import type { Provider } from './provider-rows.ts';

/** LDAP_MATCHING_RULE_IN_CHAIN of Active Directory: membership through any number of groups, found by the server. */
const IN_CHAIN = '1.2.840.113556.1.4.1941';
const MAX_GROUPS = 500;
const PAGE_SIZE = 200;

/** Groups of a person through all levels, each by its name and by its DN, so that a mapping may use either. */
export async function groupsOf(
  client: Client,
  { settings }: Provider<'ldap'>,
  userDn: string,
  memberOf: readonly string[],
): Promise<string[]> {
  const nameOf = settings.attributes.group;
  const names = new Map<string, string>();
  const note = (dn: string, entry: Record<string, unknown>) => names.set(dn, textOf(entry[nameOf]) ?? '');
  const search = (filter: string) =>
    client.search(settings.groupBaseDn!, {
      scope: 'sub',
      filter,
      attributes: [nameOf],
      paged: { pageSize: PAGE_SIZE },
    });

  switch (settings.groups) {
    case 'none':
      break;
    case 'matching_rule': {
      const { searchEntries } = await search(`(member:${IN_CHAIN}:=${Filter.escape(userDn)})`);
      for (const entry of searchEntries.slice(0, MAX_GROUPS)) note(entry.dn, entry);
      break;
    }
    case 'member': {
      const waiting = [userDn];
      for (let dn = waiting.pop(); dn !== undefined && names.size < MAX_GROUPS; dn = waiting.pop()) {
        const who = Filter.escape(dn);
        const { searchEntries } = await search(`(|(member=${who})(uniqueMember=${who}))`);
        for (const entry of searchEntries) {
          // A group that holds itself, by however many steps, is met once.
          if (names.has(entry.dn) || names.size >= MAX_GROUPS) continue;
          note(entry.dn, entry);
          waiting.push(entry.dn);
        }
      }
      break;
    }
    case 'member_of': {
      const waiting = [...memberOf];
      for (let dn = waiting.pop(); dn !== undefined && names.size < MAX_GROUPS; dn = waiting.pop()) {
        if (names.has(dn)) continue;
        const { searchEntries } = await client.search(dn, { scope: 'base', attributes: [nameOf, 'memberOf'] });
        const [entry] = searchEntries;
        names.set(dn, '');
        if (entry === undefined) continue;
        note(dn, entry);
        waiting.push(...textsOf(entry.memberOf));
      }
      break;
    }
  }
  return [...names].flatMap(([dn, name]) => (name === '' ? [dn] : [name, dn]));
}

export function textsOf(value: unknown): string[] {
  return [value].flat().filter((one): one is string => typeof one === 'string' && one !== '');
}

export function textOf(value: unknown): string | null {
  return textsOf(value)[0] ?? null;
}
