import { createRequire } from 'node:module';
import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs';

/**
 * The Cedar library, in WebAssembly. A text that is nested too deeply overflows its stack, and from then on every call
 * into the same instance fails; so an instance that failed once is thrown away, and the next call has a fresh one.
 */
const require = createRequire(import.meta.url);
const LIBRARY = '@cedar-policy/cedar-wasm/nodejs';

let library: typeof Cedar | null = null;

/** The text was too much for the library. Nothing is known of it then, so it counts as wrong. */
export class CedarOverflowError extends Error {
  override readonly name = 'CedarOverflowError';
}

/** Throws a `CedarOverflowError`. */
export function withCedar<T>(call: (cedar: typeof Cedar) => T): T {
  try {
    library ??= require(LIBRARY) as typeof Cedar;
    return call(library);
  } catch (error) {
    // What WebAssembly calls its own failures: a trap, or memory that is not there.
    const trapped = error instanceof Error && error.name === 'RuntimeError';
    if (!trapped && !(error instanceof RangeError)) throw error;
    library = null;
    delete require.cache[require.resolve(LIBRARY)];
    throw new CedarOverflowError('it is nested too deeply', { cause: error });
  }
}
