/**
 * A request head after the strict codec (RFC 9112) and the one normalisation at the listener. Router, access and
 * upstream all see these same values.
 */
export interface RequestHead {
  /** Upper-case token as sent. */
  readonly method: string;
  /** Origin-form as it will be forwarded: `/path?query` (or `*` for OPTIONS). */
  readonly target: string;
  /** Decoded for decisions only in what cannot change meaning: dot segments resolved, no query. Starts with `/`. */
  readonly path: string;
  /** Without `?`; empty when there is none. */
  readonly query: string;
  /** Lower case, without port, without trailing dot. */
  readonly host: string;
  /** As sent by the client in Host or the absolute-form target, for `X-Forwarded-Host`. */
  readonly authority: string;
  readonly versionMinor: 0 | 1;
  /** Made when it is first asked for: most requests pass without. */
  readonly headers: HeaderList;
  /** The one Authorization field (two are refused), or null. */
  readonly authorization: string | null;
  /** How the body is framed. `length` 0 means none. */
  readonly body:
    | { readonly kind: 'none' }
    | { readonly kind: 'length'; readonly length: number }
    | { readonly kind: 'chunked' };
  /** Lower-case protocol of a valid Upgrade request, else null. */
  readonly upgrade: string | null;
  /** False: answer and close. */
  readonly keepAlive: boolean;
  readonly expectContinue: boolean;
}

/** Headers in order, names as sent and in lower case side by side: `names[i]` (lower), `rawNames[i]`, `values[i]`. */
export interface HeaderList {
  readonly names: readonly string[];
  readonly rawNames: readonly string[];
  readonly values: readonly string[];
}

/** The first value under a lower-case name, or null. */
export function headerValue(headers: HeaderList, name: string): string | null {
  const index = headers.names.indexOf(name);
  return index === -1 ? null : headers.values[index]!;
}
