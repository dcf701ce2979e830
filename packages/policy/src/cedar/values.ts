/**
 * Values of the Cedar language (https://docs.cedarpolicy.com/policies/syntax-datatypes.html) as the evaluator holds them:
 * booleans, strings and longs as they are, the rest as below. Longs are safe integers here (2^53), not 64 bits: what
 * would go beyond is an evaluation error, and an erring policy never lets anybody in.
 */
export type Value = boolean | number | string | EntityRef | CedarSet | CedarRecord | Extension;

/** Attributes by name. A `Map`, so that no name is special. */
export type CedarRecord = ReadonlyMap<string, Value>;

export class EntityRef {
  readonly type: string;
  readonly id: string;
  /** Unambiguous: a type never holds a quotation mark. */
  readonly key: string;

  constructor(type: string, id: string) {
    this.type = type;
    this.id = id;
    this.key = `${type}"${id}`;
  }
}

/** Without order and duplicates. Small in practice, so membership is a scan. */
export class CedarSet {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    this.items = items;
  }

  has(value: Value): boolean {
    for (const item of this.items) if (equal(item, value)) return true;
    return false;
  }
}

/** A value of an extension type. Equal when kind and `key` are. */
export class Extension {
  readonly kind: 'ipaddr' | 'decimal' | 'datetime' | 'duration';
  /** decimal: ten-thousandths; datetime, duration: milliseconds; ipaddr: see `ip`. */
  readonly amount: bigint;
  readonly ip: IpRange | null;

  constructor(kind: Extension['kind'], amount: bigint, ip: IpRange | null = null) {
    this.kind = kind;
    this.amount = amount;
    this.ip = ip;
  }
}

export interface IpRange {
  readonly bits: 32 | 128;
  readonly address: bigint;
  readonly prefix: number;
}

/** What the engine knows of an entity: its attributes, and the keys of all its ancestors. */
export interface Entity {
  readonly ref: EntityRef;
  readonly attributes: CedarRecord;
  readonly ancestors: ReadonlySet<string>;
}

export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (a instanceof EntityRef) return b instanceof EntityRef && a.key === b.key;
  if (a instanceof Extension) return b instanceof Extension && sameExtension(a, b);
  if (a instanceof CedarSet) {
    return b instanceof CedarSet && a.items.every((item) => b.has(item)) && b.items.every((item) => a.has(item));
  }
  if (!(a instanceof Map && b instanceof Map) || a.size !== b.size) return false;
  for (const [name, value] of a as CedarRecord) {
    const other = (b as CedarRecord).get(name);
    if (other === undefined || !equal(value, other)) return false;
  }
  return true;
}

function sameExtension(a: Extension, b: Extension): boolean {
  if (a.kind !== b.kind || a.amount !== b.amount) return false;
  return a.ip?.bits === b.ip?.bits && a.ip?.address === b.ip?.address && a.ip?.prefix === b.ip?.prefix;
}

/** A policy could not be evaluated: a missing attribute, a wrong type, an overflow. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}
