/** Writes the test bytes to stdout, as fast as they are taken. Usage: print-bytes.ts SIZE */
import { once } from 'node:events';
import { blocksOf } from './test-bytes.ts';

for (const block of blocksOf(Number(process.argv[2]))) {
  if (!process.stdout.write(block)) await once(process.stdout, 'drain');
}
