import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
import {
  formatVerifierKey,
  isSignedBy,
  type NoteSignature,
  type NoteSigner,
  type NoteVerifier,
  parseNote,
  parseVerifierKey,
  type SignedNote,
  signNote,
} from './signed-note.ts';

const NAME = 'zeronaut/audit/org_1';
const TEXT = formatCheckpoint({
  ...{ origin: NAME, size: 7, root: Buffer.alloc(32, 3), head: 'h'.repeat(43), at: '2026-11-27T08:00:00.000Z' },
});

function signer(kind: NoteSigner['kind'], name = NAME): NoteSigner & { readonly verifier: NoteVerifier } {
  const type = kind === 'ml-dsa-65' ? 'ml-dsa-65' : 'ed25519';
  const { privateKey } = generateKeyPairSync(type as 'ed25519');
  const verifier = parseVerifierKey(formatVerifierKey(name, kind, privateKey));
  assert(verifier !== undefined);
  return { name, kind, privateKey, verifier };
}

test('a note is signed by each of its keys and by no other, whatever is changed in it', () => {
  const signers = [signer('ed25519'), signer('ml-dsa-65'), signer('cosignature', 'gateway-1')];
  const note = `${TEXT}\n${signers.map((each) => signNote(TEXT, each, 1_800_000_000_000)).join('')}`;
  const parsed: SignedNote | undefined = parseNote(note);
  assert(parsed !== undefined);
  assert.equal(parsed.text, TEXT);
  for (const { verifier } of signers) assert(isSignedBy(parsed, verifier), verifier.kind);
  for (const { kind, name } of signers) assert(!isSignedBy(parsed, signer(kind, name).verifier), 'another key');
  for (const { verifier } of signers) {
    assert(!isSignedBy({ ...parsed, text: TEXT.replace('\n7\n', '\n8\n') }, verifier), 'another text');
    for (let at = 0; at < 3; at++) {
      const signatures: NoteSignature[] = parsed.signatures.map((each, index) => {
        if (index !== at) return each;
        const signature = Buffer.from(each.signature);
        signature[signature.length - 1]! ^= 1;
        return { ...each, signature };
      });
      assert.equal(isSignedBy({ ...parsed, signatures }, verifier), signers[at]!.verifier !== verifier);
    }
    const empty: NoteSignature = {
      ...parsed.signatures[0]!,
      name: verifier.name,
      keyId: verifier.keyId,
      signature: Buffer.alloc(8),
    };
    assert(
      !isSignedBy({ ...parsed, signatures: [...parsed.signatures, empty] }, verifier),
      'a bad one beside the good',
    );
  }
});

test('what is not a note, a checkpoint or a verifier key is none', () => {
  const { privateKey } = signer('ed25519');
  const line = signNote(TEXT, { name: NAME, kind: 'ed25519', privateKey }, 0);
  const note = `${TEXT}\n${line}`;
  assert(parseNote(note) !== undefined);
  const bad = ['', '\n\n', TEXT, note.slice(0, -1), note.replace('—', '-'), `${note}x`, note.replace('— ', '—  ')];
  for (const text of [...bad, `${TEXT}\n${line.repeat(140)}`, `${TEXT}\n— a b\n`, note.padStart(70_000, 'x')]) {
    assert.equal(parseNote(text), undefined, JSON.stringify(text.slice(0, 80)));
  }
  assert(parseCheckpoint(TEXT) !== undefined);
  for (const text of [
    TEXT.slice(0, -1),
    TEXT.replace('\n7\n', '\n07\n'),
    TEXT.replace('\n7\n', '\n-7\n'),
    TEXT.replace('\n7\n', '\n7.0\n'),
    TEXT.replace('\n7\n', '\n9999999999999999\n'),
    TEXT.replace('head ', ''),
    TEXT.replace('=\n', '\n'),
    `${TEXT}more\n`,
    ` ${TEXT}`,
  ]) {
    assert.equal(parseCheckpoint(text), undefined, JSON.stringify(text));
  }
  const key = formatVerifierKey(NAME, 'ed25519', privateKey);
  assert(parseVerifierKey(key) !== undefined);
  const [name, id] = key.split('+') as [string, string];
  const base64 = key.slice(name.length + id.length + 2);
  const other = `${id[0] === '0' ? '1' : '0'}${id.slice(1)}`;
  for (const text of [`${name}+${other}+${base64}`, `x${key}`, `${name}+${id}`, `${key}=`, `${name}+${id}+AAAA`]) {
    assert.equal(parseVerifierKey(text), undefined, text);
  }
});
