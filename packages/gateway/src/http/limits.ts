/** Our choice. Each has its row in docs/limits.md. */

/** Method, target and version with their separators. */
export const MAX_REQUEST_LINE_BYTES = 8 * 1024;
/** Start line and fields with the empty line, both directions. */
export const MAX_HEAD_BYTES = 64 * 1024;
export const MAX_FIELDS = 200;
/** Longest registered method is 17 octets; the event schema allows 32. */
export const MAX_METHOD_BYTES = 32;
/** RFC 1035 allows 253; a port and brackets come on top. */
export const MAX_AUTHORITY_BYTES = 262;
/** Size line of one chunk with its extensions. */
export const MAX_CHUNK_LINE_BYTES = 4 * 1024;
/** Hexadecimal digits of a chunk size: 2^48 octets are enough for anybody and exact as a number. */
export const MAX_CHUNK_SIZE_DIGITS = 12;
export const MAX_TRAILER_BYTES = 16 * 1024;
export const MAX_TRAILER_FIELDS = 64;
/** Interim answers of one upstream before the final one. */
export const MAX_INTERIM_RESPONSES = 32;
/** Request bodies that the gateway answers by itself. */
export const MAX_LOCAL_BODY_BYTES = 64 * 1024;
/** How long and how much we still read from somebody whose request body nobody wants, so that he sees our answer. */
export const LINGER_MS = 2_000;
export const LINGER_BYTES = 4 * 1024 * 1024;
/** Up to here a body part is copied beside its head or chunk frame into one write; above, a second buffer is cheaper. */
export const JOIN_BYTES = 16 * 1024;
