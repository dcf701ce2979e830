import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkLimits } from './check-limits.ts';

const SOURCE = `
export const MAX_HEAD_BYTES = 64 * 1024;
const WAIT_MS = 15_000;
const CODE_TTL_SECONDS = 60;
const limits = z.object({ maxConnections: z.int().min(1).default(20_000) });
const DEFAULTS = { idleStreams: 10_000, };
`;
const check = (row: string) => checkLimits(row, (file) => (file === 'packages/a.ts' ? SOURCE : null));

it('accepts what the source says, in words', () => {
  assert.deepEqual(
    check(`| head | 64 KiB | \`packages/a.ts\` \`MAX_HEAD_BYTES\` | 431 |
| wait | 15 s | \`packages/a.ts\` \`WAIT_MS\` | closed |
| code | 1 min | \`packages/a.ts\` \`CODE_TTL_SECONDS\` | refused |
| connections | 20,000 | \`packages/a.ts\` \`limits.maxConnections\` | closed |
| streams | 10,000 | \`packages/a.ts\` \`idleStreams\` | refused |`),
    [],
  );
});

it('refuses another value, an unknown name, an unknown file and an unknown unit', () => {
  assert.match(
    check('| head | 63 KiB | `packages/a.ts` `MAX_HEAD_BYTES` | |')[0]!,
    /says 63 KiB, and .* is 64 \* 1024/,
  );
  assert.match(check('| head | 64 KiB | `packages/a.ts` `MAX_TAIL_BYTES` | |')[0]!, /has no MAX_TAIL_BYTES/);
  assert.match(check('| head | 64 KiB | `packages/b.ts` `MAX_HEAD_BYTES` | |')[0]!, /there is no packages\/b.ts/);
  assert.match(check('| head | 64 kB | `packages/a.ts` `MAX_HEAD_BYTES` | |')[0]!, /no quantity/);
});
