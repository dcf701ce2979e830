import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import {
  type Checkpoint,
  ExportVerifier,
  type NoteVerifier,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  type Verification,
} from '@zeronaut/audit';
import { unreadableFile, usageError } from '../cli-error.ts';
import { type KnownCheckpoint, readKnown, writeKnown } from './known-checkpoints.ts';

export interface VerifyAuditOptions {
  /** `-`: standard input. */
  readonly path: string;
  /** Verifier keys that must have signed. Default: those that are known of this log, else those that the file names. */
  readonly keys: readonly string[];
  /** Verifier keys of witnesses, and how many of them must have co-signed the last checkpoint. */
  readonly witnesses?: { readonly keys: readonly string[]; readonly needed: number };
  /** False: neither read nor remember what is known. */
  readonly useKnown: boolean;
}

export interface VerifiedAudit extends Verification {
  /** Where the keys came from. */
  readonly trust: 'given' | 'known' | 'first_use';
}

/** Rejects if the file cannot be read; what is wrong with it is part of the answer. */
export async function verifyAudit({ path, keys, witnesses, useKnown }: VerifyAuditOptions): Promise<VerifiedAudit> {
  const given = keys.map((text) => parseKey(text, '--key', 'zeronaut audit checkpoint shows it.'));
  const vouching = witnesses?.keys.map((text) =>
    parseKey(text, '--witness', 'The log of the gateway names it at start.'),
  );
  let verifier: ExportVerifier | undefined;
  let trust: VerifiedAudit['trust'] = given.length > 0 ? 'given' : 'first_use';
  const begin = (first: string): ExportVerifier => {
    const known = useKnown ? readKnown(organizationOf(first)) : undefined;
    if (given.length === 0 && known !== undefined) trust = 'known';
    const chosen = given.length > 0 ? given : known?.keys.map(parseVerifierKey).filter((key) => key !== undefined);
    const seen = known === undefined ? undefined : checkpointOf(known);
    return new ExportVerifier({
      ...(chosen !== undefined && { keys: chosen as NoteVerifier[] }),
      ...(seen !== undefined && { known: seen }),
      ...(vouching !== undefined && { witnesses: { keys: vouching, needed: witnesses?.needed ?? vouching.length } }),
    });
  };
  try {
    const input = path === '-' ? process.stdin : createReadStream(path, 'utf8');
    for await (const line of createInterface({ input, crlfDelay: 0 })) {
      verifier ??= begin(line);
      verifier.push(line);
    }
  } catch (error) {
    throw unreadableFile(path, error);
  }
  const result = (verifier ?? new ExportVerifier()).finish();
  if (result.valid && useKnown && result.last !== null && result.organizationId !== null) {
    writeKnown(result.organizationId, { note: result.last.note, keys: keys.length > 0 ? [...keys] : [...result.keys] });
  }
  return { ...result, trust };
}

function parseKey(text: string, option: string, next: string): NoteVerifier {
  const key = parseVerifierKey(text);
  if (key === undefined) throw usageError(`${option} is not a verifier key`, next);
  return key;
}

/** Only to look up what is known; the verifier judges the line. */
function organizationOf(first: string): string {
  return /"organizationId":"([^"\\]{1,64})"/.exec(first.slice(0, 200_000))?.[1] ?? '';
}

function checkpointOf({ note }: KnownCheckpoint): Checkpoint | undefined {
  const parsed = parseNote(note);
  return parsed === undefined ? undefined : parseCheckpoint(parsed.text);
}
