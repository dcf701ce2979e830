/** Reading what a provider says; a claim that is not what it should be counts as absent. */
const MAX_GROUPS = 1_000;
const MAX_TEXT = 1_024;

/** By its own name first, then as a path into objects (`realm_access.roles`). */
export function claimAt(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let at: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}

export function textClaim(value: unknown): string | null {
  const one = Array.isArray(value) ? value[0] : value;
  if (typeof one !== 'string') return null;
  const text = one.trim();
  return text === '' || text.length > MAX_TEXT ? null : text;
}

/** One name or a list of names; other entries are left out. */
export function groupsClaim(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list
    .map(textClaim)
    .filter((text) => text !== null)
    .slice(0, MAX_GROUPS);
}
