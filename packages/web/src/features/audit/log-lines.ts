import { call } from '../../base/api.ts';

/** Lines of an export, in pieces of a thousand, and how far one is. */
export interface LogPiece {
  readonly lines: readonly string[];
  readonly done: number;
  readonly all: number;
}

const PAGE = 1000;
/** Read at once of a file. */
const MAX_LINE_CHARS = 8 * 1024 * 1024;

/**
 * The whole log as `zeronaut audit export` writes it. Nothing is checked here: that is for whoever verifies. `canonicalJson` is
 * handed in, as the package that has it is fetched only when somebody verifies.
 */
export async function* linesOfConsole(
  canonicalJson: (value: unknown) => string,
  signal: AbortSignal,
): AsyncGenerator<LogPiece> {
  const { size, note, keys, origin } = await call('audit.checkpoint', {}, { signal });
  const organizationId = origin.replace(/^.*\//, '');
  const first = { type: 'export', format: 'zeronaut-audit/1', organizationId, keys, checkpoint: note };
  const begin = [canonicalJson(first)];
  if (size === 0) begin.push(canonicalJson({ type: 'checkpoint', note }));
  yield { lines: begin, done: 0, all: size };
  let done = 0;
  while (done < size) {
    const page = await call('audit.export', { query: { from: done + 1, to: size, limit: PAGE } }, { signal });
    // A log that ends too early is for the verifier to name.
    if (page.items.length === 0) return;
    const behind = new Map(page.checkpoints.map((each) => [each.size, each.note]));
    const lines: string[] = [];
    for (const item of page.items) {
      const isWhole = 'entry' in item;
      lines.push(canonicalJson({ type: isWhole ? 'entry' : 'pruned', ...item }));
      const made = behind.get(Number(isWhole ? item.entry.seq : item.seq));
      if (made !== undefined) lines.push(canonicalJson({ type: 'checkpoint', note: made }));
    }
    done += page.items.length;
    yield { lines, done, all: size };
  }
}

/** A file that somebody chose. `done` and `all` are bytes. */
export async function* linesOfFile(file: Blob, signal: AbortSignal): AsyncGenerator<LogPiece> {
  const reader = file
    .stream()
    .pipeThrough(new TextDecoderStream('utf-8', { fatal: true }))
    .getReader();
  let rest = '';
  let done = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { value, done: isEnd } = await reader.read();
      if (isEnd) break;
      done += value.length;
      const lines = (rest + value).split('\n');
      rest = lines.pop()!;
      if (rest.length > MAX_LINE_CHARS) break;
      if (lines.length > 0) yield { lines, done: Math.min(done, file.size), all: file.size };
    }
  } finally {
    await reader.cancel();
  }
  if (rest !== '') yield { lines: [rest], done: file.size, all: file.size };
}
