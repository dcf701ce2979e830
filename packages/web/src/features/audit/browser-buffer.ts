import { ByteBuffer } from './byte-buffer.ts';

/** `@zeronaut/audit` knows `Buffer` as a global. This has to run before its first line does. */
(globalThis as { Buffer?: unknown }).Buffer ??= ByteBuffer;
