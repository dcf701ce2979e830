/** What the schema of policies lets one write, for completion. The console checks each text; this only spares typing. */
export interface Attribute {
  readonly name: string;
  /** As the schema writes it. */
  readonly type: string;
  /** Has to be asked for with `has` first. */
  readonly optional: boolean;
  /** Of a record that is written in place. */
  readonly attributes: readonly Attribute[];
}

export interface Vocabulary {
  readonly entities: ReadonlyMap<string, readonly Attribute[]>;
  readonly types: ReadonlyMap<string, readonly Attribute[]>;
  readonly actions: readonly string[];
  /** What the organization has of a type: policies name it by its id, and people know its name. */
  readonly named?: ReadonlyMap<string, readonly NamedId[]>;
}

export interface NamedId {
  readonly id: string;
  readonly name: string;
}

const TOKENS = /\/\/[^\n]*|"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|[^\s]/g;

/** Reads Cedar's schema language as far as completion needs it; what it does not know it passes over. */
export function vocabularyOf(schema: string): Vocabulary {
  const tokens = (schema.match(TOKENS) ?? []).filter((token) => !token.startsWith('//'));
  const entities = new Map<string, readonly Attribute[]>();
  const types = new Map<string, readonly Attribute[]>();
  const actions: string[] = [];
  let at = 0;
  while (at < tokens.length) {
    const word = tokens[at++]!;
    if (word !== 'entity' && word !== 'type' && word !== 'action') continue;
    const names: string[] = [];
    for (; at < tokens.length && (isName(tokens[at]!) || tokens[at] === ','); at++) {
      if (tokens[at] === 'in' || tokens[at] === 'appliesTo') break;
      if (tokens[at] !== ',') names.push(tokens[at]!.replaceAll('"', ''));
    }
    let attributes: readonly Attribute[] = [];
    while (at < tokens.length && tokens[at] !== ';') {
      if (tokens[at] === '{' && word !== 'action') [attributes, at] = record(tokens, at);
      else at++;
    }
    if (word === 'action') actions.push(...names);
    else for (const name of names) (word === 'entity' ? entities : types).set(name, attributes);
  }
  return { entities, types, actions };
}

/** `at` is the opening brace; answers with what follows the closing one. */
function record(tokens: readonly string[], at: number): [readonly Attribute[], number] {
  const attributes: Attribute[] = [];
  let next = at + 1;
  while (next < tokens.length && tokens[next] !== '}') {
    const name = tokens[next]!.replaceAll('"', '');
    const optional = tokens[next + 1] === '?';
    next += optional ? 3 : 2;
    let type = '';
    let inner: readonly Attribute[] = [];
    let depth = 0;
    while (next < tokens.length && (depth > 0 || (tokens[next] !== ',' && tokens[next] !== '}'))) {
      if (tokens[next] === '{') {
        [inner, next] = record(tokens, next);
        continue;
      }
      if (tokens[next] === '<') depth++;
      if (tokens[next] === '>') depth--;
      type += tokens[next++];
    }
    attributes.push({ name, type, optional, attributes: inner });
    if (tokens[next] === ',') next++;
  }
  return [attributes, next + 1];
}

const isName = (token: string) => /^["\w]/.test(token);

/** What principal and resource can be. */
const ENTITIES = { principal: ['User', 'ServiceAccount', 'Guest'], resource: ['Resource', 'Site', 'Console'] } as const;

/** What can follow `context.device.` and the like; `path` without its last dot. */
export function attributesAt({ entities, types }: Vocabulary, path: string): readonly Attribute[] {
  const [root, ...steps] = path.split('.');
  let attributes =
    root === 'context'
      ? (types.get('Circumstances') ?? [])
      : root === 'principal' || root === 'resource'
        ? ENTITIES[root].flatMap((name) => entities.get(name) ?? [])
        : [];
  for (const step of steps) {
    const found = attributes.find(({ name }) => name === step);
    attributes =
      found === undefined
        ? []
        : found.attributes.length > 0
          ? found.attributes
          : (types.get(found.type) ?? entities.get(found.type) ?? []);
  }
  return attributes.filter(({ name }, index) => attributes.findIndex((one) => one.name === name) === index);
}
