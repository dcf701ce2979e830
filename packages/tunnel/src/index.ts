/** How bytes travel between two of our programs. Knows nothing of the product. */
export * from './stream/byte-stream.ts';
export * from './stream/pipe-pair.ts';
