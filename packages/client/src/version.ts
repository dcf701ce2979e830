import { readFileSync } from 'node:fs';

/** Version of this program, as in its package.json. */
export function softwareVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
