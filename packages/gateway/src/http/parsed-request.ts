import { trimOws } from './octets.ts';
import type { HeaderList, RequestHead } from './request-head.ts';

/**
 * A request head as the parser made it. Besides what stages see it keeps what the forwarder needs, so that a request
 * that nobody looks into is forwarded without a single object per field.
 */
export class ParsedRequest implements RequestHead {
  method = '';
  target = '';
  path = '';
  query = '';
  host = '';
  authority = '';
  versionMinor: 0 | 1 = 1;
  body: RequestHead['body'] = NO_BODY;
  upgrade: string | null = null;
  keepAlive = true;
  expectContinue = false;

  /** Index behind the head in the buffer that was parsed. */
  end = 0;
  /** Lines that travel on as they came, each with its CRLF. */
  forwardable = '';
  /** All Cookie values joined, or null. */
  cookie: string | null = null;
  authorization: string | null = null;
  /** The client takes trailers. */
  trailersAccepted = false;
  /** Announced trailer names, or null. */
  trailer: string | null = null;

  readonly #text: string;
  readonly #fieldsStart: number;
  #headers: HeaderList | null = null;

  /** `text`: the validated head without its empty line; its field lines begin at `fieldsStart`. */
  constructor(text: string, fieldsStart: number) {
    this.#text = text;
    this.#fieldsStart = fieldsStart;
  }

  get headers(): HeaderList {
    this.#headers ??= splitFields(this.#text.slice(this.#fieldsStart));
    return this.#headers;
  }
}

export const NO_BODY: RequestHead['body'] = Object.freeze({ kind: 'none' });
export const CHUNKED_BODY: RequestHead['body'] = Object.freeze({ kind: 'chunked' });

/** Splits lines that the scanner has accepted. */
export function splitFields(text: string): HeaderList {
  const names: string[] = [];
  const rawNames: string[] = [];
  const values: string[] = [];
  let at = 0;
  while (at < text.length) {
    const colon = text.indexOf(':', at);
    const end = text.indexOf('\r\n', colon);
    const name = text.slice(at, colon);
    names.push(name.toLowerCase());
    rawNames.push(name);
    values.push(trimOws(text.slice(colon + 1, end)));
    at = end + 2;
  }
  return { names, rawNames, values };
}
