import { relative } from 'node:path';
import { ROOT } from './npm-packages.mjs';

// A reporter of node:test that writes one JSON line with the totals of the whole run, for test.mjs and check.mjs, and the
// milliseconds of each file. All of it comes from the runner itself; nothing is counted twice.
// biome-ignore lint/style/noDefaultExport: node:test loads a reporter by its default export.
export default async function* summary(source) {
  const files = [];
  for await (const event of source) {
    if (event.type !== 'test:summary') continue;
    // The event without a file is the one for the whole run.
    if (event.data.file === undefined) yield `${JSON.stringify({ counts: event.data.counts, files })}\n`;
    else files.push({ file: relative(ROOT, event.data.file), durationMs: event.data.duration_ms });
  }
}
