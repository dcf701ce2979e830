import type { EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { seededRandom } from '@zeronaut/testkit';
import { datetimeValue, ipValue } from './extensions.ts';
import { type CedarRecord, CedarSet, type Entity, EntityRef, Extension, type Value } from './values.ts';

/** Random policies and requests of a small world, for tests that hold our evaluator against the Cedar library. */
type Random = ReturnType<typeof seededRandom>;

export interface World {
  readonly principal: Entity;
  readonly action: Entity;
  readonly resource: Entity;
  readonly context: CedarRecord;
  readonly others: readonly Entity[];
  find(ref: EntityRef): Entity | undefined;
}

const STRINGS = ['', 'a', 'ab', 'abc', 'a*c', 'GET', '/admin/x', 'ä', '\u{1F600}', 'aab'];
const LONGS = [-5, -1, 0, 1, 2, 10, 100, 9_007_199_254_740];
const ADDRESSES = [
  '10.0.0.1',
  '10.0.0.0/8',
  '192.168.1.7',
  '127.0.0.1',
  '224.0.0.1',
  '::1',
  'fd00::/8',
  'fd12::5',
  '0.0.0.0/0',
  '::/0',
];
const DATES = [
  '2026-11-27',
  '2026-11-27T10:00:00Z',
  '2026-11-27T10:00:00.250Z',
  '1969-12-31T23:59:59Z',
  '2026-02-28T00:30:00+0100',
];
const SPANS = ['0ms', '1d', '2h30m', '-90s', '1d1h1m1s1ms', '-1ms'];
const ATTRIBUTES = ['flag', 'size', 'word', 'tags', 'home', 'since', 'inner', 'peer'];

export function randomWorld(random: Random): World {
  const groups = ['g0', 'g1', 'g2'].map((id) =>
    entity('N::Group', id, random, random.next() < 0.3 ? ['N::Group"top'] : []),
  );
  const top = entity('N::Group', 'top', random, []);
  const parents = () => {
    const keys = new Set(
      groups.filter(() => random.next() < 0.4).flatMap(({ ref, ancestors }) => [ref.key, ...ancestors]),
    );
    return [...keys];
  };
  const principal = entity('N::User', random.pick(['u0', 'u1']), random, parents());
  const resource = entity('N::Doc', random.pick(['d0', 'd1']), random, parents());
  const action = entity('N::Action', random.pick(['read', 'write']), random, ['N::Action"all'], true);
  const all = entity('N::Action', 'all', random, [], true);
  const others = [...groups, top, all];
  const byKey = new Map(others.map((other) => [other.ref.key, other]));
  return { principal, action, resource, context: attributes(random, 0.9), others, find: (ref) => byKey.get(ref.key) };
}

function entity(type: string, id: string, random: Random, ancestors: readonly string[], bare = false): Entity {
  return {
    ref: new EntityRef(type, id),
    attributes: bare ? new Map() : attributes(random, 0.7),
    ancestors: new Set(ancestors),
  };
}

function attributes(random: Random, chance: number): CedarRecord {
  const members = new Map<string, Value>();
  for (const name of ATTRIBUTES) if (random.next() < chance) members.set(name, attributeValue(name, random));
  return members;
}

function attributeValue(name: string, random: Random): Value {
  switch (name) {
    case 'flag':
      return random.next() < 0.5;
    case 'size':
      return random.pick(LONGS);
    case 'word':
      return random.pick(STRINGS);
    case 'tags':
      return new CedarSet(STRINGS.filter(() => random.next() < 0.3));
    case 'home':
      return ipValue(random.pick(ADDRESSES));
    case 'since':
      return datetimeValue(1_795_773_600_000 + random.integer(100_000) * 1_000);
    case 'inner':
      return new Map<string, Value>([
        ['word', random.pick(STRINGS)],
        ['size', random.pick(LONGS)],
      ]);
    default:
      return new EntityRef('N::Group', random.pick(['g0', 'g1', 'top']));
  }
}

type Kind = 'bool' | 'long' | 'string' | 'set' | 'entity' | 'ip' | 'datetime' | 'duration' | 'record';
const KINDS: readonly Kind[] = ['bool', 'long', 'string', 'set', 'entity', 'ip', 'datetime', 'duration', 'record'];

export function randomPolicy(random: Random, effect = 'permit'): string {
  const principal = random.pick([
    'principal',
    'principal == N::User::"u0"',
    'principal in N::Group::"g1"',
    'principal is N::User',
    'principal is N::User in N::Group::"top"',
  ]);
  const action = random.pick([
    'action',
    'action == N::Action::"read"',
    'action in N::Action::"all"',
    'action in [N::Action::"read", N::Action::"write"]',
  ]);
  const resource = random.pick([
    'resource',
    'resource == N::Doc::"d1"',
    'resource in N::Group::"g2"',
    'resource is N::Doc',
  ]);
  const clauses = Array.from(
    { length: 1 + random.integer(2) },
    () => `${random.pick(['when', 'when', 'unless'])} { ${expression('bool', random, 4)} }`,
  );
  return `${effect}(${principal}, ${action}, ${resource}) ${clauses.join(' ')};`;
}

function expression(kind: Kind, random: Random, depth: number): string {
  // Sometimes of another kind than is needed: then it must err as Cedar does.
  const wanted = random.next() < 0.03 ? random.pick(KINDS) : kind;
  if (random.next() < 0.05 && depth > 0) {
    const sub = () => expression(wanted, random, depth - 1);
    return `(if ${expression('bool', random, depth - 1)} then ${sub()} else ${sub()})`;
  }
  return MAKERS[wanted](random, depth - 1);
}

function holder(random: Random): string {
  return random.pick(['principal', 'resource', 'context', 'context', 'principal.peer', 'context.inner']);
}

const leaf = (depth: number, random: Random) => depth <= 0 || random.next() < 0.25;
const quote = (text: string) => JSON.stringify(text);

const MAKERS: Record<Kind, (random: Random, depth: number) => string> = {
  bool(random, depth) {
    const sub = (kind: Kind) => expression(kind, random, depth);
    if (leaf(depth, random)) {
      return random.pick([() => 'true', () => 'false', () => `${holder(random)}.flag`, () => hasTest(random)])();
    }
    return random.pick([
      () => `(${sub('bool')} && ${sub('bool')})`,
      () => `(${sub('bool')} || ${sub('bool')})`,
      () => `!(${sub('bool')})`,
      () => `(${hasTest(random)} && ${sub('bool')})`,
      () => {
        const kind = random.pick(KINDS);
        return `(${sub(kind)} ${random.pick(['==', '!='])} ${sub(kind)})`;
      },
      () => {
        const kind = random.pick(['long', 'long', 'datetime', 'duration'] as const);
        return `(${sub(kind)} ${random.pick(['<', '<=', '>', '>='])} ${sub(kind)})`;
      },
      () =>
        `(${sub('entity')} in ${random.pick([() => sub('entity'), () => `[${sub('entity')}, ${sub('entity')}]`])()})`,
      () => `${sub('set')}.contains(${sub('string')})`,
      () => `${sub('set')}.${random.pick(['containsAll', 'containsAny'])}(${sub('set')})`,
      () => `${sub('set')}.isEmpty()`,
      () => `(${sub('string')} like ${quote(random.pick(['*', 'a*', '*b*', '/admin/*', 'a*c', '**a', '']))})`,
      () => `(${sub('string')} like "a\\*c")`,
      () => `(${sub('entity')} is ${random.pick(['N::User', 'N::Group', 'N::Doc'])})`,
      () => `(${sub('entity')} is N::Group in ${sub('entity')})`,
      () => `${sub('ip')}.${random.pick(['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast'])}()`,
      () => `${sub('ip')}.isInRange(${sub('ip')})`,
      () =>
        `decimal("${random.pick(['1.5', '-0.25', '100.0001'])}").${random.pick(['lessThan', 'greaterThanOrEqual'])}(decimal("1.5"))`,
    ])();
  },
  long(random, depth) {
    const sub = (kind: Kind) => expression(kind, random, depth);
    if (leaf(depth, random)) return random.pick([() => `${holder(random)}.size`, () => `(${random.pick(LONGS)})`])();
    return random.pick([
      () => `(${sub('long')} ${random.pick(['+', '-'])} ${sub('long')})`,
      () => `(${sub('long')} * ${random.pick([-2, 0, 3])})`,
      () => `-(${sub('long')})`,
      () => `${sub('duration')}.${random.pick(['toMilliseconds', 'toSeconds', 'toMinutes', 'toHours', 'toDays'])}()`,
    ])();
  },
  string: (random) => random.pick([() => `${holder(random)}.word`, () => quote(random.pick(STRINGS))])(),
  set: (random, depth) =>
    random.pick([
      () => `${holder(random)}.tags`,
      () => `[${Array.from({ length: random.integer(3) }, () => expression('string', random, depth)).join(', ')}]`,
    ])(),
  entity: (random) =>
    random.pick([
      () => 'principal',
      () => 'resource',
      () => `${random.pick(['principal', 'resource', 'context'])}.peer`,
      () => `N::Group::"${random.pick(['g0', 'g1', 'g2', 'top', 'none'])}"`,
    ])(),
  ip: (random) => random.pick([() => `${holder(random)}.home`, () => `ip("${random.pick(ADDRESSES)}")`])(),
  datetime(random, depth) {
    const sub = (kind: Kind) => expression(kind, random, depth);
    if (leaf(depth, random)) {
      return random.pick([() => `${holder(random)}.since`, () => `datetime("${random.pick(DATES)}")`])();
    }
    return random.pick([() => `${sub('datetime')}.offset(${sub('duration')})`, () => `${sub('datetime')}.toDate()`])();
  },
  duration(random, depth) {
    const sub = (kind: Kind) => expression(kind, random, depth);
    if (leaf(depth, random)) return `duration("${random.pick(SPANS)}")`;
    return random.pick([
      () => `${sub('datetime')}.durationSince(${sub('datetime')})`,
      () => `${sub('datetime')}.toTime()`,
    ])();
  },
  record: (random, depth) =>
    random.pick([
      () => 'context.inner',
      () => 'context',
      () => `{ "word": ${expression('string', random, depth)}, "size": ${expression('long', random, depth)} }`,
    ])(),
};

function hasTest(random: Random): string {
  return `(${holder(random)} has ${random.pick([...ATTRIBUTES, 'inner.word', 'peer.flag'])})`;
}

export function toCedarValue(value: Value): never {
  return convert(value) as never;
}

function convert(value: Value): unknown {
  if (typeof value !== 'object') return value;
  if (value instanceof EntityRef) return { __entity: { type: value.type, id: value.id } };
  if (value instanceof CedarSet) return value.items.map(convert);
  if (value instanceof Extension) {
    if (value.kind === 'datetime') {
      // Cedar takes a third of a question's time to add up the other form, which is for what has no text.
      const moment = new Date(Number(value.amount));
      const year = moment.getUTCFullYear();
      if (year >= 0 && year <= 9999) return { __extn: { fn: 'datetime', arg: moment.toISOString() } };
      const offset = { __extn: { fn: 'duration', arg: `${value.amount}ms` } };
      return { __extn: { fn: 'offset', args: [{ __extn: { fn: 'datetime', arg: '1970-01-01' } }, offset] } };
    }
    const { bits, address, prefix } = value.ip!;
    return { __extn: { fn: 'ip', arg: `${bits === 32 ? v4(address) : v6(address)}/${prefix}` } };
  }
  return Object.fromEntries([...value].map(([name, member]) => [name, convert(member)]));
}

function v4(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((address >> shift) & 255n)).join('.');
}
function v6(address: bigint): string {
  return Array.from({ length: 8 }, (_, i) => ((address >> BigInt(112 - 16 * i)) & 65_535n).toString(16)).join(':');
}

export function toCedarContext(context: CedarRecord): never {
  return convert(context) as never;
}

export function toCedarEntities(world: Pick<World, 'principal' | 'action' | 'resource' | 'others'>): EntityJson[] {
  return [world.principal, world.action, world.resource, ...world.others].map(toCedarEntity);
}

const converted = new WeakMap<Entity, EntityJson>();

function toCedarEntity(entity: Entity): EntityJson {
  let json = converted.get(entity);
  if (json === undefined) {
    json = {
      uid: { type: entity.ref.type, id: entity.ref.id },
      attrs: convert(entity.attributes) as never,
      parents: [...entity.ancestors].map((key) => {
        const [type, id] = key.split('"');
        return { type: type!, id: id! };
      }),
    };
    converted.set(entity, json);
  }
  return json;
}
