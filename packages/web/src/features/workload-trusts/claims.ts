/** One claim a line, `name=pattern`. Undefined: a line says no claim, or one is said twice. */
export function parseClaims(text: string): Record<string, string> | undefined {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const claims = new Map<string, string>();
  for (const line of lines) {
    const at = line.indexOf('=');
    const name = line.slice(0, at).trim();
    if (at < 1 || claims.has(name)) return undefined;
    claims.set(name, line.slice(at + 1).trim());
  }
  return Object.fromEntries(claims);
}

/** Members of a key in a JWKS that say nothing of the key itself. */
const BESIDE = new Set(['key_ops', 'x5c', 'x5t', 'x5t#S256', 'x5u', 'ext', 'iat', 'exp', 'nbf']);

/** The keys of a JWKS (RFC 7517, 5), or of one key. Undefined: it is neither. Whether they are good the schema says. */
export function parseKeys(text: string): unknown[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What is typed half way is no JSON yet.
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const keys = 'keys' in value ? value.keys : [value];
  if (!Array.isArray(keys) || keys.some((key) => typeof key !== 'object' || key === null)) return undefined;
  return keys.map((key: object) => Object.fromEntries(Object.entries(key).filter(([name]) => !BESIDE.has(name))));
}
