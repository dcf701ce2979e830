import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Checkpoint,
  formatVerifierKey,
  isSignedBy,
  originOf,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  signNote,
  verifyConsistency,
} from '@zeronaut/audit';
import type { SyncFromConsole, SyncFromGateway } from '@zeronaut/model';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { WriteFile } from './identity.ts';

/**
 * This gateway as a witness of its organization's audit log (C2SP tlog-cosignature): it co-signs a checkpoint of the console only
 * if the log that it co-signed last is proved to be how this one begins, and never a shorter or another one. So whoever
 * takes the console over, keys and all, cannot write the past again without every gateway knowing.
 *
 * `witness.json` holds the key, the console's keys as they were first seen, and the last checkpoint. It is on disk before a signature
 * leaves. When a console was restored from a backup on purpose, move the file away.
 */
const schema = z.strictObject({
  format: z.literal(1),
  key: z.string().min(1).max(4096),
  log: z.strictObject({ keys: z.array(z.string().max(4096)).min(1).max(8), note: z.string().max(65_536) }).nullable(),
});
type WitnessFile = z.infer<typeof schema>;

type Offer = Extract<SyncFromConsole, { type: 'checkpoint' }>;
type Answer = Extract<SyncFromGateway, { type: 'cosigned' | 'not_cosigned' }>;

export interface WitnessOptions {
  readonly directory: string;
  readonly gatewayId: string;
  readonly organizationId: string;
  readonly write: WriteFile;
  readonly log: Pick<Logger, 'info' | 'error'>;
  readonly clock?: () => number;
}

const FILE = 'witness.json';

export const witnessName = (gatewayId: string) => `zeronaut/gateway/${gatewayId}`;

export class Witness {
  readonly #options: WitnessOptions;
  readonly #key: KeyObject;
  readonly #keyText: string;
  #log: WitnessFile['log'];
  #last: Checkpoint | null;
  /** One offer after the other: each must see what the one before it left. */
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(options: WitnessOptions, file: WitnessFile) {
    this.#options = options;
    this.#keyText = file.key;
    this.#key = createPrivateKey(file.key);
    this.#log = file.log;
    this.#last = file.log === null ? null : checkpointOf(file.log.note);
  }

  /** Makes the key at the first start. Throws when the file exists and cannot be used: a witness must not forget. */
  static async load(options: WitnessOptions): Promise<Witness> {
    const path = join(options.directory, FILE);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      const file: WitnessFile = { format: 1, key, log: null };
      await options.write(path, `${JSON.stringify(file, null, 2)}\n`);
      return new Witness(options, file);
    }
    try {
      return new Witness(options, schema.parse(JSON.parse(text)));
    } catch (cause) {
      throw new Error(`${path} cannot be used; restore it from a backup, or move it away to begin anew`, { cause });
    }
  }

  /** What a verifier of our cosignatures needs. */
  get verifierKey(): string {
    return formatVerifierKey(witnessName(this.#options.gatewayId), 'cosignature', this.#key);
  }

  /** How many entries the log had that was co-signed last; 0: none. */
  get size(): number {
    return this.#last?.size ?? 0;
  }

  consider(offer: Offer): Promise<Answer> {
    const answer = this.#queue.then(() => this.#consider(offer));
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  async #consider({ note, keys, consistency }: Offer): Promise<Answer> {
    const parsed = parseNote(note);
    const checkpoint = parsed === undefined ? undefined : parseCheckpoint(parsed.text);
    if (parsed === undefined || checkpoint === undefined) return this.#refuse(0, 'audit.malformed', 'not a checkpoint');
    const { size, origin } = checkpoint;
    if (origin !== originOf(this.#options.organizationId)) {
      return this.#refuse(size, 'audit.fork', `a checkpoint of another log, ${origin}`);
    }
    // The keys of the first checkpoint are the console's for ever: other keys would be another log.
    const trusted = this.#log?.keys ?? keys;
    const verifiers = trusted.map(parseVerifierKey);
    if (verifiers.length === 0 || verifiers.some((key) => key === undefined || !isSignedBy(parsed, key))) {
      return this.#refuse(size, 'audit.signature', 'not signed by the keys that this log is known by');
    }
    const last = this.#last;
    if (last !== null && size < last.size) {
      return this.#refuse(size, 'audit.truncated', `the log had ${last.size} entries at ${last.at}`);
    }
    if (last !== null) {
      const proof = consistency.map((hash) => Buffer.from(hash, 'base64'));
      if (!verifyConsistency(last, checkpoint, proof)) {
        return this.#refuse(size, 'audit.fork', `it does not follow on the ${last.size} entries of ${last.at}`);
      }
    }
    await this.#save({ keys: [...trusted], note });
    this.#last = checkpoint;
    const { gatewayId, clock = Date.now } = this.#options;
    const signer = { name: witnessName(gatewayId), kind: 'cosignature', privateKey: this.#key } as const;
    return { type: 'cosigned', size, line: signNote(parsed.text, signer, clock()) };
  }

  async #save(log: NonNullable<WitnessFile['log']>): Promise<void> {
    const file: WitnessFile = { format: 1, key: this.#keyText, log };
    await this.#options.write(join(this.#options.directory, FILE), `${JSON.stringify(file, null, 2)}\n`);
    this.#log = log;
  }

  #refuse(size: number, reason: string, detail: string): Answer {
    this.#options.log.error(
      { reason, size, detail },
      'a checkpoint of the audit log is not co-signed: the console shows another past',
    );
    return { type: 'not_cosigned', size, reason, detail: detail.slice(0, 500) };
  }
}

function checkpointOf(note: string): Checkpoint {
  const parsed = parseNote(note);
  const checkpoint = parsed === undefined ? undefined : parseCheckpoint(parsed.text);
  if (checkpoint === undefined) throw new Error('the note is not a checkpoint');
  return checkpoint;
}
