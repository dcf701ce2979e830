// A reporter of node:test that writes one JSON line with the totals of the whole run, for test.mjs and check.mjs.
// The totals come from the runner itself; nothing is counted twice.
// biome-ignore lint/style/noDefaultExport: node:test loads a reporter by its default export.
export default async function* summary(source) {
  for await (const event of source) {
    // The event without a file is the one for the whole run.
    if (event.type === 'test:summary' && event.data.file === undefined) yield `${JSON.stringify(event.data)}\n`;
  }
}
