import { email as emailSchema, type User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import { parseBoolean } from './filter-sql.ts';
import { type Change, membersOf } from './patch.ts';
import { textIn } from './scim-resource.ts';

const MAX_NAME = 120;
const MAX_EXTERNAL_ID = 256;

/** What is to be written; what is undefined stays as it is. */
export interface UserEdit {
  userName?: string;
  externalId?: string | null;
  displayName?: string | null;
  formatted?: string | null;
  givenName?: string | null;
  familyName?: string | null;
  active?: boolean;
}

/** The person as they are then. */
export function edited(
  user: User,
  own: { given_name: string | null; family_name: string | null },
  edit: UserEdit,
): User {
  const joined = (given: string | null, family: string | null) => [given, family].filter((part) => part).join(' ');
  const { givenName = own.given_name, familyName = own.family_name } = edit;
  // A name that was put together from its parts follows them; one that was said as a whole stays.
  const wasJoined =
    user.name === joined(own.given_name, own.family_name) || [user.email, localPart(user.email)].includes(user.name);
  const name = edit.displayName || edit.formatted || (wasJoined ? joined(givenName, familyName) : '') || user.name;
  return {
    ...user,
    email: edit.userName ?? user.email,
    name: name.slice(0, MAX_NAME),
    status: edit.active === undefined ? user.status : edit.active ? 'active' : 'disabled',
  };
}

function localPart(email: string): string {
  return email.slice(0, email.lastIndexOf('@'));
}

/** Of a whole resource what is kept here; all else is somebody's who knows what to do with it. */
export function editOfBody(body: unknown): UserEdit | Refusal {
  const members = new Map(Object.entries(membersOf(body)).map(([name, value]) => [name.toLowerCase(), value]));
  const schemas = members.get('schemas');
  if (!Array.isArray(schemas)) return new Refusal('scim.syntax_invalid', { detail: 'schemas are missing' });
  const edit: UserEdit = {};
  for (const attribute of ['username', 'externalid', 'displayname', 'name', 'active']) {
    if (!members.has(attribute)) continue;
    const change: Change = { operation: 'replace', attribute, filter: null, value: members.get(attribute) };
    const refusal = addChange(edit, change);
    if (refusal !== null) return refusal;
  }
  return edit;
}

/** Adds one change of a PATCH to what is to be written; null when it can be, or is about something that is not kept. */
export function addChange(edit: UserEdit, { operation, attribute, value }: Change): Refusal | null {
  const text = (name: string, max: number) => textIn(operation === 'remove' ? null : value, name, max);
  const invalid = (detail: string) => new Refusal('scim.value_invalid', { detail });
  switch (attribute) {
    case 'username': {
      const parsed = emailSchema.safeParse(typeof value === 'string' ? value.trim() : '');
      if (operation === 'remove') return new Refusal('scim.read_only', { detail: 'userName stays' });
      if (!parsed.success) return invalid('userName must be a mail address');
      edit.userName = parsed.data;
      return null;
    }
    case 'active': {
      const active = operation === 'remove' ? null : parseBoolean(value);
      if (active === null) return invalid('active is true or false');
      edit.active = active;
      return null;
    }
    case 'name': {
      if (operation === 'remove') return null;
      for (const [part, inner] of Object.entries(membersOf(value))) {
        const refusal = addChange(edit, {
          operation,
          attribute: `name.${part.toLowerCase()}`,
          filter: null,
          value: inner,
        });
        if (refusal !== null) return refusal;
      }
      return null;
    }
    case 'externalid':
    case 'displayname':
    case 'name.formatted':
    case 'name.givenname':
    case 'name.familyname': {
      const names = {
        externalid: 'externalId',
        displayname: 'displayName',
        'name.formatted': 'formatted',
        'name.givenname': 'givenName',
        'name.familyname': 'familyName',
      } as const;
      const name = names[attribute];
      const parsed = text(name, attribute === 'externalid' ? MAX_EXTERNAL_ID : MAX_NAME);
      if (parsed instanceof Refusal) return parsed;
      if (parsed !== undefined) edit[name] = parsed;
      return null;
    }
    default:
      // Titles, telephone numbers, departments, roles, passwords: directories send them, nobody here keeps them.
      return null;
  }
}
