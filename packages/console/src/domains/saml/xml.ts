/**
 * XML that comes from outside, read into a plain tree that is easy to look at and hard to be fooled by. There is one
 * parser in this room, the one that the signature check reads with, and what a second one might read differently is
 * refused before it: document types (and with them entities), comments, CDATA, processing instructions, doubled ids, and
 * more bytes, elements or levels than any honest message has.
 */
import { createRequire } from 'node:module';
import { Refusal } from '../../store/refusal.ts';

/** Longest SAML response, in bytes of XML. */
export const MAX_RESPONSE_BYTES = 131_072;
/** Elements of one document. */
const MAX_ELEMENTS = 10_000;
/** Levels of one document: what comes after works by recursion. */
const MAX_DEPTH = 40;
const MAX_ATTRIBUTES = 64;

export const NS = {
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  metadata: 'urn:oasis:names:tc:SAML:2.0:metadata',
  signature: 'http://www.w3.org/2000/09/xmldsig#',
  encryption: 'http://www.w3.org/2001/04/xmlenc#',
} as const;

export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  /** Attributes without a namespace, by name. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Text between the tags; of an element with children only what stands between them. */
  readonly text: string;
  /** What the signature check takes: the parser's own node. */
  readonly node: DomNode;
}

export interface XmlDocument {
  readonly root: XmlElement;
  /** Exactly what was parsed. */
  readonly text: string;
}

/** As much of the DOM as is used here. The package's own types bring all of a browser's globals with them. */
export interface DomNode {
  readonly nodeType: number;
  readonly localName: string | null;
  readonly namespaceURI: string | null;
  readonly nodeValue: string | null;
  readonly firstChild: DomNode | null;
  readonly nextSibling: DomNode | null;
  readonly attributes: { readonly length: number; item(index: number): DomNode };
}

interface DomParser {
  parseFromString(text: string, type: string): DomNode;
}

const { DOMParser } = createRequire(import.meta.url)('@xmldom/xmldom') as {
  DOMParser: new (options: { errorHandler: (level: string, message: string) => never }) => DomParser;
};

const ELEMENT = 1;
const TEXT = 3;

export interface XmlLimits {
  readonly maxBytes: number;
  /** Metadata may have comments: nothing that counts is read out of a text that one could split. */
  readonly comments?: boolean;
}

/** `idp.malformed` with what is wrong. */
export function parseXml(source: string, limits: XmlLimits): XmlDocument | Refusal {
  if (Buffer.byteLength(source) > limits.maxBytes) return malformed(`more than ${limits.maxBytes} bytes`);
  // XML 1.0, 2.11, before everything else, so that the signature check reads what we read.
  let text = source.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const declaration = /^<\?xml\s([^<>?]{0,200})\?>/.exec(text);
  if (declaration !== null) {
    if (!/^version\s*=\s*["']1\.0["']/.test(declaration[1]!.trim())) return malformed('XML 1.0 is read');
    if (/encoding/.test(declaration[1]!) && !/encoding\s*=\s*["']utf-8["']/i.test(declaration[1]!)) {
      return malformed('UTF-8 is read');
    }
    text = text.slice(declaration[0].length);
  }
  if (limits.comments === true) text = withoutComments(text);
  if (/<!DOCTYPE/i.test(text) || /<!ENTITY/i.test(text)) return malformed('a document type is not read');
  if (text.includes('<!--')) return malformed('a comment is not read');
  if (text.includes('<!')) return malformed('declarations and CDATA are not read');
  if (text.includes('<?')) return malformed('a processing instruction is not read');
  if (/[\0-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]/.test(text)) return malformed('a character that XML does not have');
  let document: DomNode;
  try {
    document = new DOMParser({
      errorHandler(level, message) {
        throw new NotWellFormed(`${level}: ${message}`);
      },
    }).parseFromString(text, 'text/xml');
  } catch (error) {
    // The parser throws its own kinds, and ours: nothing but the text of this document can be the cause.
    return malformed(`not well-formed: ${(error as Error).message.split('\n', 1)[0]!.slice(0, 120)}`);
  }
  const tree = toTree(document);
  return tree instanceof Refusal ? tree : { root: tree, text };
}

class NotWellFormed extends Error {}

/** Linear, unlike a lazy expression over an unclosed comment. */
function withoutComments(text: string): string {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf('<!--', at);
    const end = start < 0 ? -1 : text.indexOf('-->', start + 4);
    if (end < 0) break;
    parts.push(text.slice(at, start));
    at = end + 3;
  }
  return parts.join('') + text.slice(at);
}

interface Building {
  readonly namespace: string;
  readonly name: string;
  readonly attributes: Map<string, string>;
  readonly children: Building[];
  text: string;
  readonly node: DomNode;
}

/** Without recursion: a deep document must be refused, not overflow the stack. */
function toTree(document: DomNode): XmlElement | Refusal {
  const roots: Building[] = [];
  const ids = new Set<string>();
  const open: { readonly into: Building | null; readonly children: Building[]; next: DomNode | null }[] = [
    { into: null, children: roots, next: document.firstChild },
  ];
  let count = 0;
  while (open.length > 0) {
    const level = open.at(-1)!;
    const node = level.next;
    if (node === null) {
      open.pop();
      continue;
    }
    level.next = node.nextSibling;
    if (node.nodeType === TEXT) {
      if (level.into !== null) level.into.text += node.nodeValue ?? '';
      else if ((node.nodeValue ?? '').trim() !== '') return malformed('text beside the root');
      continue;
    }
    if (node.nodeType !== ELEMENT || node.localName === null) return malformed('a part that is not read');
    if (++count > MAX_ELEMENTS) return malformed(`more than ${MAX_ELEMENTS} elements`);
    if (open.length > MAX_DEPTH) return malformed(`more than ${MAX_DEPTH} levels`);
    if (node.attributes.length > MAX_ATTRIBUTES) return malformed(`more than ${MAX_ATTRIBUTES} attributes`);
    const element: Building = {
      namespace: node.namespaceURI ?? '',
      name: node.localName,
      attributes: new Map(),
      children: [],
      text: '',
      node,
    };
    for (let index = 0; index < node.attributes.length; index++) {
      const attribute = node.attributes.item(index);
      const name = attribute.localName ?? '';
      if (/^id$/i.test(name)) {
        if (ids.has(attribute.nodeValue ?? '')) return malformed('two elements have one id');
        ids.add(attribute.nodeValue ?? '');
      }
      if ((attribute.namespaceURI ?? '') === '') element.attributes.set(name, attribute.nodeValue ?? '');
    }
    level.children.push(element);
    open.push({ into: element, children: element.children, next: node.firstChild });
  }
  return roots.length === 1 ? roots[0]! : malformed('not one root');
}

export function is(element: XmlElement, namespace: string, name: string): boolean {
  return element.namespace === namespace && element.name === name;
}

export function childrenOf(element: XmlElement, namespace: string, name: string): readonly XmlElement[] {
  return element.children.filter((child) => is(child, namespace, name));
}

/** The one child of that name; null when there is none, or more. */
export function onlyChild(element: XmlElement, namespace: string, name: string): XmlElement | null {
  const found = childrenOf(element, namespace, name);
  return found.length === 1 ? found[0]! : null;
}

/** The text of an element that holds nothing else; null where there are elements in it. */
export function textOf(element: XmlElement | null): string | null {
  return element === null || element.children.length > 0 ? null : element.text.trim();
}

/** The element and all below it. */
export function* descendants(element: XmlElement): Generator<XmlElement> {
  const open = [element];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    yield at;
    open.push(...at.children);
  }
}

/** For what we write ourselves. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function malformed(detail: string): Refusal {
  return new Refusal('idp.malformed', { detail });
}
