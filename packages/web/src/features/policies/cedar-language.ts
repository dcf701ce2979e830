import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { HighlightStyle, StreamLanguage, type StringStream } from '@codemirror/language';
import { tags } from '@lezer/highlight';
import { attributesAt, type Vocabulary } from './cedar-vocabulary.ts';

const KEYWORDS = [
  'permit',
  'forbid',
  'when',
  'unless',
  'if',
  'then',
  'else',
  'in',
  'has',
  'like',
  'is',
  'true',
  'false',
];
const VARIABLES = ['principal', 'action', 'resource', 'context'];
const METHODS = ['contains', 'containsAny', 'containsAll', 'isEmpty', 'isInRange', 'isIpv4', 'isIpv6', 'isLoopback'];
const ANNOTATIONS = ['id', 'description', 'mode', 'advice', 'alarm', 'step_up'];

/** Colours only: what is right and wrong is for the console to say. */
export const cedarLanguage = StreamLanguage.define<Record<string, never>>({
  name: 'cedar',
  startState: () => ({}),
  token,
  languageData: { commentTokens: { line: '//' }, closeBrackets: { brackets: ['(', '[', '{', '"'] } },
});

function token(stream: StringStream): string | null {
  if (stream.eatSpace()) return null;
  if (stream.match('//')) {
    stream.skipToEnd();
    return 'comment';
  }
  if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) return 'string';
  if (stream.match(/^@\w*/)) return 'meta';
  if (stream.match(/^\d+/)) return 'number';
  const before = stream.string[stream.pos - 1];
  const word = stream.match(/^[A-Za-z_]\w*/) as RegExpMatchArray | null;
  if (word !== null) {
    if (before === '.') return 'propertyName';
    if (stream.match('::', false)) return 'typeName';
    if (KEYWORDS.includes(word[0])) return 'keyword';
    if (VARIABLES.includes(word[0])) return 'variableName';
    return null;
  }
  stream.next();
  return 'operator';
}

const color = (name: string) => `var(--zn-palette-${name})`;

export const cedarHighlight = HighlightStyle.define([
  { tag: tags.keyword, color: color('primary-main'), fontWeight: '600' },
  { tag: tags.variableName, color: color('text-primary'), fontWeight: '600' },
  { tag: tags.string, color: color('success-main') },
  { tag: tags.number, color: color('success-main') },
  { tag: tags.typeName, color: color('warning-main') },
  { tag: tags.meta, color: color('info-main') },
  { tag: tags.comment, color: color('text-secondary'), fontStyle: 'italic' },
  { tag: tags.operator, color: color('text-secondary') },
]);

export function completeCedar(vocabulary: Vocabulary) {
  return (context: CompletionContext): CompletionResult | null => {
    const path = context.matchBefore(/[A-Za-z_]\w*(?:\.\w+)*\.\w*/);
    if (path !== null) {
      const dot = path.text.lastIndexOf('.');
      const attributes = attributesAt(vocabulary, path.text.slice(0, dot)).map(({ name, type, optional }) => ({
        ...{ label: name, type: 'property', detail: `${optional ? '? ' : ''}${type}` },
      }));
      const methods = METHODS.map((label) => ({ label, type: 'method', apply: `${label}(`, boost: -10 }));
      return { from: path.from + dot + 1, options: [...attributes, ...methods], validFor: /^\w*$/ };
    }
    const action = context.matchBefore(/Action::"\w*/);
    if (action !== null) {
      const options = vocabulary.actions.map((label) => ({ label, type: 'enum' }));
      return { from: action.from + 'Action::"'.length, options, validFor: /^\w*$/ };
    }
    const entity = context.matchBefore(/[A-Z]\w*::"[^"\n]*/);
    if (entity !== null) {
      const quote = entity.text.indexOf('"');
      const named = vocabulary.named?.get(entity.text.slice(0, quote - 2)) ?? [];
      // Found by its name, and written by its id.
      const options = named.map(({ id, name }) => ({ label: name, apply: id, detail: id, type: 'enum' }));
      return { from: entity.from + quote + 1, options, validFor: /^[^"\n]*$/ };
    }
    const has = context.matchBefore(/context has \w*/);
    if (has !== null) {
      const optional = attributesAt(vocabulary, 'context').filter((one) => one.optional);
      const options = optional.map(({ name }) => ({ label: name, type: 'property' }));
      return { from: has.from + 'context has '.length, options, validFor: /^\w*$/ };
    }
    const annotation = context.matchBefore(/@\w*/);
    if (annotation !== null) {
      const options = ANNOTATIONS.map((label) => ({ label, type: 'keyword' }));
      return { from: annotation.from + 1, options, validFor: /^\w*$/ };
    }
    const word = context.matchBefore(/\w+/);
    if (word === null && !context.explicit) return null;
    const options = [
      ...[...KEYWORDS, ...VARIABLES].map((label) => ({ label, type: 'keyword' })),
      ...[...vocabulary.entities.keys(), 'Action'].map((label) => ({ label, type: 'type', apply: `${label}::"` })),
    ];
    return { from: word?.from ?? context.pos, options, validFor: /^\w*$/ };
  };
}
