import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { it } from 'node:test';
import { AuthorizationList, IntegerSet } from '@peculiar/asn1-android';
import { decodeAttestationObject } from '@simplewebauthn/server/helpers';
import {
  androidStatement,
  appleStatement,
  createAuthenticatorMaker,
  type Signed,
  type TpmForgery,
  tpmStatement,
  VirtualPasskey,
} from '@zeronaut/testkit';
import { parseRoots } from './certificates.ts';
import { verifyStatement } from './verify-statement.ts';

const NOW_MS = Date.now();
const OPTIONS = { challenge: 'Y2hhbGxlbmdl', rp: { id: 'localhost' }, user: { id: 'dXNlcg' } };
const ORIGIN = 'http://localhost:8080';

type MakeStatement = (passkey: VirtualPasskey, signed: Signed) => Promise<Buffer>;

/** Registers twice: once to learn what is to be signed, once with the statement over it. */
async function verdict(format: string, make: MakeStatement, roots: string, passkey: VirtualPasskey): Promise<string> {
  let signed: Signed | undefined;
  passkey.create(OPTIONS, {
    origin: ORIGIN,
    format,
    statement: (over) => {
      signed = over;
      return Buffer.from([0xa0]);
    },
  });
  const statement = await make(passkey, signed!);
  const { response } = passkey.create(OPTIONS, { origin: ORIGIN, format, statement: () => statement });
  const object = decodeAttestationObject(new Uint8Array(Buffer.from(response.attestationObject, 'base64url')));
  const judged = verifyStatement(
    {
      ...{ format: object.get('fmt'), statement: object.get('attStmt'), authenticatorData: object.get('authData') },
      clientDataJson: Buffer.from(response.clientDataJSON, 'base64url'),
    },
    { roots: parseRoots(roots)!, models: [], nowMs: NOW_MS },
  );
  return typeof judged === 'string' ? judged.replace('passkey.attestation_', '') : `vouched ${judged.model}`;
}

const VOUCHED = 'vouched 00000000-0000-0000-0000-000000000000';
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const zeros = Buffer.alloc(32);

it("takes Apple's word for the key and the registration that it is about, and no other", async () => {
  const [maker, stranger] = [await createAuthenticatorMaker(NOW_MS), await createAuthenticatorMaker(NOW_MS)];
  const ask = (make: MakeStatement) => verdict('apple', make, maker.root, new VirtualPasskey());
  const by =
    (forgery: Parameters<typeof appleStatement>[3], who = maker): MakeStatement =>
    (passkey, signed) =>
      appleStatement(who, passkey, signed, forgery);
  assert.equal(await ask(by({})), VOUCHED);
  assert.equal(await ask(by({}, stranger)), 'untrusted');
  assert.equal(await ask(by({ key: other.publicKey })), 'invalid', 'a certificate of another key');
  assert.equal(await ask(by({ nonce: zeros })), 'invalid', 'another registration');
  assert.equal(await ask(by({ authority: true })), 'invalid');
});

it("takes the word of an Android phone's hardware alone", async () => {
  const [maker, stranger] = [await createAuthenticatorMaker(NOW_MS), await createAuthenticatorMaker(NOW_MS)];
  const ask = (make: MakeStatement) => verdict('android-key', make, maker.root, new VirtualPasskey());
  const by =
    (forgery: Parameters<typeof androidStatement>[3], who = maker): MakeStatement =>
    (passkey, signed) =>
      androidStatement(who, passkey, signed, forgery);
  const good = { purpose: new IntegerSet([2]), origin: 0 };
  assert.equal(await ask(by({})), VOUCHED);
  assert.equal(await ask(by({}, stranger)), 'untrusted');
  const forgeries: [string, Parameters<typeof androidStatement>[3]][] = [
    ['a certificate of another key', { key: other.publicKey }],
    ['signed by another key', { signer: other.privateKey }],
    ['both of another key', { key: other.publicKey, signer: other.privateKey }],
    ['another registration', { challenge: zeros }],
    ['nothing of the keystore', { bare: true }],
    ['any application may use it', { tee: { ...good, allApplications: null } }],
    ['any application may use it, by software', { software: { allApplications: null } }],
    ['it was imported', { tee: { ...good, origin: 2 } }],
    ['it does not sign', { tee: { ...good, purpose: new IntegerSet([0]) } }],
    ['software alone says so', { tee: {}, software: good }],
  ];
  for (const [what, forgery] of forgeries) assert.equal(await ask(by(forgery)), 'invalid', what);
  assert.ok(new AuthorizationList(good).purpose, 'the lists are what they seem');
});

it('takes the word of a TPM for a key that it made and keeps', async () => {
  const [maker, stranger] = [await createAuthenticatorMaker(NOW_MS), await createAuthenticatorMaker(NOW_MS)];
  const ask = (make: MakeStatement, passkey = new VirtualPasskey()) => verdict('tpm', make, maker.root, passkey);
  const by =
    (forgery: TpmForgery = {}, who = maker): MakeStatement =>
    (passkey, signed) =>
      tpmStatement(who, passkey, signed, forgery);
  assert.equal(await ask(by()), VOUCHED);
  assert.equal(await ask(by(), new VirtualPasskey('rsa')), VOUCHED);
  assert.equal(await ask(by({ hash: 'sha1' }), new VirtualPasskey('rsa')), VOUCHED, 'as Windows signs');
  assert.equal(await ask(by({ model: Buffer.alloc(16) })), VOUCHED, 'for its model');
  assert.equal(await ask(by({}, stranger)), 'untrusted');
  const name = Buffer.concat([Buffer.from([0, 11]), createHash('sha256').update('another').digest()]);
  const forgeries: [string, TpmForgery][] = [
    ['another key', { key: other.publicKey }],
    ['another version', { version: '1.2' }],
    ['not made by a TPM', { magic: 0 }],
    ['about something else', { type: 0x8018 }],
    ['another registration', { extra: zeros }],
    ['the name of another key', { name }],
    ['a key that may leave', { attributes: 0x00060470 }],
    ['a key from elsewhere', { attributes: 0x00060452 }],
    ['a certificate with a subject', { subject: 'CN=TPM' }],
    ['a certificate for something else', { usage: '1.3.6.1.5.5.7.3.1' }],
    ['a certificate without a manufacturer', { attributesOfName: ['2.23.133.2.2', '2.23.133.2.3'] }],
    ['an authority', { authority: true }],
    ['another model', { model: Buffer.alloc(16, 1) }],
    ['more than was certified', { trailing: true }],
    ['another bit', { tampered: true }],
  ];
  for (const [what, forgery] of forgeries) assert.equal(await ask(by(forgery)), 'invalid', what);
});

it('holds nothing of a statement that is cut or filled with noise', async () => {
  const maker = await createAuthenticatorMaker(NOW_MS);
  for (const format of ['packed', 'tpm', 'android-key', 'apple', 'fido-u2f', 'android-safetynet', 'compound']) {
    const empty = await verdict(format, async () => Buffer.from([0xa0]), maker.root, new VirtualPasskey());
    assert.match(empty, /^(?:invalid|missing)$/, format);
  }
});
