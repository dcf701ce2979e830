import {
  type Fault,
  formatHostPort,
  type HealthCheck,
  parseHostPort,
  type SnapshotHeaderRules,
  type Target,
} from '@zeronaut/model';
import type { ByteStream, ByteStreamHandler } from '@zeronaut/tunnel';
import { type CompiledHeaderRules, headerRulesOf } from '../http/header-rules.ts';
import { parseResponseHead } from '../http/response-parser.ts';
import type { Dialer } from '../rooms.ts';

/**
 * Asks a target once whether it is well: HTTP targets by a GET, others by a connection. Never rejects: a dead target, a
 * slow one and one that answers nonsense are all just not well.
 */
export async function probe(
  dialer: Dialer,
  target: Target,
  resourceId: string,
  check: HealthCheck,
  headers?: SnapshotHeaderRules,
): Promise<boolean> {
  const startedAt = performance.now();
  let stream: ByteStream;
  try {
    stream = await withTimeout(dialer.dial(target, { flow: null, resourceId, protocol: 'tcp' }), check.timeoutMs);
  } catch {
    // A Fault: that it could not be reached is the answer.
    return false;
  }
  const leftMs = Math.max(1, check.timeoutMs - (performance.now() - startedAt));
  if (target.protocol === 'http' || target.protocol === 'https')
    return askHttp(stream, target, check, leftMs, headerRulesOf({ headers }));
  return stays(stream, target, leftMs);
}

/** A late connection is closed when it comes. */
function withTimeout(dialling: Promise<ByteStream>, timeoutMs: number): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new Error('not connected in time'));
    }, timeoutMs);
    dialling.then(
      (stream) => {
        clearTimeout(timer);
        if (late) stream.abort();
        else resolve(stream);
      },
      (fault: Fault) => {
        clearTimeout(timer);
        reject(fault);
      },
    );
  });
}

const OWN_FIELDS = 'User-Agent: zeronaut-health-check\r\nAccept: */*\r\n';

/** With the header rules of the resource: a service that lets nobody in without a key is asked with the key. */
function askHttp(
  stream: ByteStream,
  target: Target,
  check: HealthCheck,
  timeoutMs: number,
  rules: CompiledHeaderRules | null,
): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = new ProbeAnswer(stream, check, (well) => {
      clearTimeout(timer);
      resolve(well);
    });
    const timer = setTimeout(() => answer.finish(false), timeoutMs);
    stream.handler = answer;
    stream.resume();
    stream.write(
      Buffer.from(
        `GET ${check.path} HTTP/1.1\r\nHost: ${rules?.host ?? hostOf(target)}\r\n` +
          `${rules?.request.without(OWN_FIELDS) ?? OWN_FIELDS}${rules?.request.lines ?? ''}Connection: close\r\n\r\n`,
        'latin1',
      ),
    );
  });
}

class ProbeAnswer implements ByteStreamHandler {
  readonly #stream: ByteStream;
  readonly #check: HealthCheck;
  readonly #done: (well: boolean) => void;
  #held: Buffer | null = null;
  #finished = false;

  constructor(stream: ByteStream, check: HealthCheck, done: (well: boolean) => void) {
    this.#stream = stream;
    this.#check = check;
    this.#done = done;
  }

  finish(well: boolean): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#stream.abort();
    this.#done(well);
  }

  onData(chunk: Buffer): void {
    if (this.#finished) return;
    const bytes = this.#held === null ? chunk : Buffer.concat([this.#held, chunk]);
    const response = parseResponseHead(bytes, 0, bytes.length);
    this.#held = bytes;
    if (response === null) return;
    const { from, to } = this.#check.expectStatus;
    this.finish(response !== 'malformed' && response.status >= from && response.status <= to);
  }

  onDrain(): void {
    // One small write needs none.
  }

  onEnd(): void {
    this.finish(false);
  }

  onClosed(): void {
    this.finish(false);
  }
}

/** Through an agent a dial seems to work at once and a refusal comes later, so a connection must last a moment. */
function stays(stream: ByteStream, target: Target, timeoutMs: number): Promise<boolean> {
  if (target.deviceId === null) {
    stream.abort();
    return Promise.resolve(true);
  }
  return new Promise((resolve) => {
    const finish = (well: boolean) => {
      clearTimeout(timer);
      stream.abort();
      resolve(well);
    };
    const timer = setTimeout(() => finish(true), timeoutMs);
    stream.handler = {
      onData: () => finish(true),
      onDrain: () => undefined,
      onEnd: () => finish(true),
      onClosed: (fault) => finish(fault === null),
    };
    stream.resume();
  });
}

function hostOf(target: Target): string {
  const parsed = parseHostPort(target.address);
  return parsed === null ? 'localhost' : formatHostPort(parsed.host, parsed.port);
}
