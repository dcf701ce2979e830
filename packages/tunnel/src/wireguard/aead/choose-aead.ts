import { SCRATCH } from '../linux/layout.ts';
import type { PacketCode } from '../linux/packet-code.ts';
import type { Aead } from './aead.ts';
import { type ContextRecord, createEvpAead } from './evp-aead.ts';
import { createRawAead } from './raw-aead.ts';

/** `evp`: never the raw path. `auto`: the raw path where it is there and gives the right bytes. */
export type AeadChoice = 'auto' | 'evp';

export const AEAD_VARIABLE = 'ZERONAUT_WG_AEAD';

/** What the environment asks for; anything but `evp` is `auto`. */
export const aeadChoice = (environment: NodeJS.ProcessEnv = process.env): AeadChoice =>
  environment[AEAD_VARIABLE] === 'evp' ? 'evp' : 'auto';

export interface AeadPlace {
  readonly code: PacketCode;
  readonly bytes: Uint8Array;
  /** Where the memory lies in the process. */
  readonly base: number;
  readonly scratch: number;
  /** Two areas of at least 1,792 bytes each that nobody uses yet, for the known answers. */
  readonly trial: readonly [number, number];
  readonly record: ContextRecord;
}

export function chooseAead(place: AeadPlace, choice: AeadChoice): Aead {
  const evp = createEvpAead(place.code, place.base, place.scratch, place.record);
  if (choice === 'evp') return evp;
  const raw = createRawAead(place.code, place.base, place.scratch);
  return raw !== undefined && givesKnownAnswers(raw, evp, place) ? raw : evp;
}

/**
 * The ciphertext and tag of 114 bytes ("Ladies and Gentlemen ...", key and nonce of RFC 8439, 2.8.2) without associated
 * data: the ciphertext is printed there; the tag was computed from section 2.8 by hand-written integer arithmetic.
 */
const KNOWN = {
  key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
  nonce: '070000004041424344454647',
  plaintext:
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  ciphertext:
    'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116',
  tag: '6a23a4681fd59456aea1d29f82477216',
} as const;

/** Lengths around the edges of blocks, and the usual ones. */
const LENGTHS = [0, 1, 15, 16, 17, 63, 64, 65, 255, 1280, 1420, 1423] as const;

export function givesKnownAnswers(raw: Aead, evp: Aead, place: AeadPlace): boolean {
  const { bytes, scratch } = place;
  const [packet, out] = [place.trial[0] + 64, place.trial[1] + 64];
  const key = place.trial[0] + 1680;
  try {
    bytes.set(Buffer.from(KNOWN.key, 'hex'), key);
    bytes.fill(0, scratch + SCRATCH.counter, scratch + SCRATCH.counter + 4);
    bytes.set(Buffer.from(KNOWN.nonce, 'hex'), scratch + SCRATCH.nonce);
    const plaintext = Buffer.from(KNOWN.plaintext, 'latin1');
    bytes.set(plaintext, packet);
    for (const aead of [raw, evp]) {
      aead.seal(key, 0, packet, plaintext.length, plaintext.length, out);
      const sealed = Buffer.from(bytes.slice(out, out + plaintext.length + 16)).toString('hex');
      if (sealed !== KNOWN.ciphertext + KNOWN.tag) return false;
      place.record.words[place.record.keyed] = 0;
    }
    return LENGTHS.every((length) => agree(raw, evp, place, key, packet, out, length));
  } finally {
    bytes.fill(0, place.trial[0], place.trial[0] + 1792);
    bytes.fill(0, place.trial[1], place.trial[1] + 1792);
    bytes.fill(0, scratch, scratch + 512);
  }
}

function agree(raw: Aead, evp: Aead, { bytes }: AeadPlace, key: number, packet: number, out: number, length: number) {
  for (let index = 0; index < length; index++) bytes[packet + index] = index * 7 + length;
  const plaintext = Buffer.from(bytes.slice(packet, packet + length));
  const sealedBy = (aead: Aead) => {
    aead.seal(key, 0, packet, length, length, out);
    return Buffer.from(bytes.slice(out, out + length + 16));
  };
  const sealed = sealedBy(raw);
  if (!sealed.equals(sealedBy(evp))) return false;
  if (!raw.open(key, 0, out, length, packet)) return false;
  if (!plaintext.equals(bytes.slice(packet, packet + length))) return false;
  bytes[out + length + 15]! ^= 128;
  return !raw.open(key, 0, out, length, packet);
}
