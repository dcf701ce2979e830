import type { AuditEntry } from '@zeronaut/model';

/** What the object was called, where the entry says it: a request names what was asked for, and the address is that of who asked. */
export function nameIn(
  { before, after, objectKind }: Pick<AuditEntry, 'before' | 'after' | 'objectKind'>,
  nounOf: (noun: string) => string = (noun) => noun,
): string {
  for (const side of [after, before]) {
    if (typeof side !== 'object' || side === null) continue;
    const { name, object, email, host } = side as Record<string, unknown>;
    const found = [name, object, email, host].find((one) => typeof one === 'string' && one !== '');
    if (found !== undefined) return `${nounOf(objectKind)} ${String(found)}`;
  }
  return nounOf(objectKind);
}
