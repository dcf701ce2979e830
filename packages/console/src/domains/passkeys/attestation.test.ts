import assert from 'node:assert/strict';
import {
  createAuthenticatorMaker,
  eachDatabase,
  type PasskeyForgery,
  packedStatement,
  type Signed,
  tpmStatement,
  VirtualPasskey,
} from '@zeronaut/testkit';
import { startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';

const PASSWORD = 'plum violin harbour seven';
const ORIGIN = 'http://localhost:8080';
const POLICY = '/api/v1/organizations/current/sign-in-policy';

async function setPolicy(organization: TestOrganization, body: object) {
  const { version } = (await organization.call('GET', POLICY)).json();
  return await organization.call('PUT', POLICY, body, { headers: { 'if-match': `"${version}"` } });
}

async function session(organization: TestOrganization, email: string): Promise<string> {
  await organization.user('member', { email, password: PASSWORD });
  const answer = await organization.call('POST', '/api/v1/sessions', { email, password: PASSWORD }, { key: null });
  return answer.json().session.token;
}

async function add(
  organization: TestOrganization,
  key: string,
  forgery: PasskeyForgery = {},
  passkey = new VirtualPasskey(),
) {
  const options = await organization.call('POST', '/api/v1/me/passkeys/options', undefined, { key });
  const credential = passkey.create(options.json(), { origin: ORIGIN, ...forgery });
  const made = await organization.call('POST', '/api/v1/me/passkeys', { name: 'key', credential }, { key });
  return { made, conveyance: options.json().attestation, passkey };
}

const uuid = (bytes: Buffer) => bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

eachDatabase(
  'an organization takes passkeys of makers that it knows alone: others are refused, each for its reason',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const nowMs = fixture.clock.nowMs;
    const key = await session(organization, 'ann@example.com');
    const maker = await createAuthenticatorMaker(nowMs);
    const stranger = await createAuthenticatorMaker(nowMs);
    const bounded = await createAuthenticatorMaker(nowMs, { pathLength: 0 });
    const gone = await createAuthenticatorMaker(nowMs, { rootNotAfter: new Date(nowMs - 1000) });
    const roots = [maker, bounded, gone].map(({ root }) => root).join('\n');

    // Nobody's word is asked for: a maker's is not taken, the passkey's own counts for nothing but has to hold.
    assert.equal((await add(organization, key)).conveyance, 'none');
    assert.equal((await add(organization, key, await maker.vouch())).made.json().reason, 'passkey.attestation');
    const own = new VirtualPasskey();
    const self = (signer: VirtualPasskey): PasskeyForgery => ({
      format: 'packed',
      statement: (signed) =>
        packedStatement(signer.keys.privateKey, Buffer.concat([signed.authenticatorData, signed.clientDataHash])),
    });
    const wrong = await add(organization, key, self(new VirtualPasskey()), own);
    assert.equal(wrong.made.json().reason, 'passkey.attestation_invalid');
    assert.equal((await add(organization, key, self(own), own)).made.statusCode, 201);

    for (const passkeyRoots of ['', 'no certificate', `${maker.root}\nand words`, maker.root.replace('MII', 'MIJ')]) {
      const refused = await setPolicy(organization, { passkeyAttestation: 'verified', passkeyRoots });
      assert.equal(refused.json().reason, 'passkey.roots', passkeyRoots);
    }
    const short = await setPolicy(organization, {
      passkeyAttestation: 'verified',
      passkeyRoots: roots,
      passkeyModels: ['x'],
    });
    assert.equal(short.json().reason, 'api.invalid');
    const set = await setPolicy(organization, { passkeyAttestation: 'verified', passkeyRoots: roots });
    assert.equal(set.statusCode, 200, set.body);

    const zero = Buffer.alloc(16);
    const tampered = (forgery: PasskeyForgery): PasskeyForgery => ({
      ...forgery,
      statement: (signed) => {
        const bytes = forgery.statement!(signed);
        // Within the signature, which follows `alg` and the head of `sig`.
        bytes[bytes.indexOf('sig') + 20]! ^= 1;
        return bytes;
      },
    });
    const vouched = await maker.vouch();
    const forgeries: [string, PasskeyForgery, string][] = [
      ['nobody vouches for it', {}, 'passkey.attestation_missing'],
      ['an unknown format', { format: 'mine', statement: () => Buffer.from([0xa0]) }, 'passkey.attestation_missing'],
      ['a packed statement without anything', { format: 'packed' }, 'passkey.attestation_invalid'],
      ['another maker', await stranger.vouch(), 'passkey.attestation_untrusted'],
      [
        "another maker, below an authority's name",
        await stranger.vouch({ intermediate: true }),
        'passkey.attestation_untrusted',
      ],
      [
        'a certificate that is over',
        await maker.vouch({ notAfter: new Date(nowMs - 1000) }),
        'passkey.attestation_expired',
      ],
      ['a root that is over', await gone.vouch(), 'passkey.attestation_expired'],
      ['a certificate for another model', await maker.vouch({ model: zero }), 'passkey.attestation_invalid'],
      ['a model that the certificate is not for', { ...vouched, aaguid: zero }, 'passkey.attestation_invalid'],
      ['a signature with another bit', tampered(vouched), 'passkey.attestation_invalid'],
      [
        'a signature over other client data',
        { ...vouched, statement: (signed) => vouched.statement({ ...signed, clientDataHash: Buffer.alloc(32) }) },
        'passkey.attestation_invalid',
      ],
      ['an authority that vouches itself', await maker.vouch({ authority: true }), 'passkey.attestation_invalid'],
      [
        'a certificate for something else',
        await maker.vouch({ subject: 'C=CH, O=x, OU=Web, CN=y' }),
        'passkey.attestation_invalid',
      ],
      [
        'a certificate with more to understand',
        await maker.vouch({ criticalExtension: true }),
        'passkey.attestation_untrusted',
      ],
      [
        'an authority that the root does not allow',
        await bounded.vouch({ intermediate: true }),
        'passkey.attestation_untrusted',
      ],
      ['a person who was not verified', { ...vouched, flags: 0x41 }, 'passkey.user_not_verified'],
      ['another page', { ...vouched, origin: 'https://evil.example' }, 'passkey.origin'],
    ];
    const alone = new VirtualPasskey();
    const itself = await add(organization, key, self(alone), alone);
    assert.equal(itself.made.json().reason, 'passkey.attestation_missing', 'it vouches for itself');
    for (const [what, forgery, reason] of forgeries) {
      assert.equal((await add(organization, key, forgery)).made.json().reason, reason, what);
    }

    for (const [what, forgery] of [
      ['directly', vouched],
      ['through an authority', await maker.vouch({ intermediate: true })],
      ['by a certificate for any model', await maker.vouch({ model: null })],
      ['directly below a root that allows no more', await bounded.vouch()],
    ] as const) {
      const { made, conveyance, passkey } = await add(organization, key, forgery);
      assert.equal(made.statusCode, 201, `${what}: ${made.body}`);
      assert.equal(conveyance, 'direct');
      const asked = (await organization.call('POST', '/api/v1/sessions/passkey/options', {}, { key: null })).json();
      const credential = passkey.get(asked, { origin: ORIGIN });
      const signedIn = await organization.call('POST', '/api/v1/sessions/passkey', { credential }, { key: null });
      assert.equal(signedIn.statusCode, 201, signedIn.body);
    }

    // A TPM's word for an RSA key, as Windows Hello gives it.
    const windows = new VirtualPasskey('rsa');
    const options = (await organization.call('POST', '/api/v1/me/passkeys/options', undefined, { key })).json();
    let signed: Signed | undefined;
    const noted = (over: Signed) => {
      signed = over;
      return Buffer.from([0xa0]);
    };
    windows.create(options, { origin: ORIGIN, format: 'tpm', statement: noted });
    const statement = await tpmStatement(maker, windows, signed!, { hash: 'sha1' });
    const credential = windows.create(options, { origin: ORIGIN, format: 'tpm', statement: () => statement });
    const hello = await organization.call('POST', '/api/v1/me/passkeys', { name: 'hello', credential }, { key });
    assert.equal(hello.statusCode, 201, hello.body);
    const asked = (await organization.call('POST', '/api/v1/sessions/passkey/options', {}, { key: null })).json();
    const answer = { credential: windows.get(asked, { origin: ORIGIN }) };
    assert.equal((await organization.call('POST', '/api/v1/sessions/passkey', answer, { key: null })).statusCode, 201);

    const models = [uuid(stranger.aaguid)];
    const policy = { passkeyAttestation: 'verified', passkeyRoots: maker.root, passkeyModels: models };
    assert.equal((await setPolicy(organization, policy)).statusCode, 200);
    const model = await add(organization, key, vouched);
    assert.equal(model.made.json().reason, 'passkey.attestation_model');
    await setPolicy(organization, { ...policy, passkeyModels: [...models, uuid(maker.aaguid)] });
    assert.equal((await add(organization, key, vouched)).made.statusCode, 201);
    const entries = (await organization.call('GET', '/api/v1/audit?action=factor.create')).json().items;
    assert.ok(JSON.stringify(entries).includes(uuid(maker.aaguid)), 'the model is in the audit log');

    // Another organization asks for nothing still.
    const theirs = await fixture.organization('theirs');
    assert.equal((await add(theirs, await session(theirs, 'eve@example.com'))).made.statusCode, 201);
    // It is the console's time that certificates are judged by.
    fixture.clock.nowMs += 86_400_000 * 2;
    const later = await session(organization, 'bob@example.com');
    assert.equal((await add(organization, later, vouched)).made.json().reason, 'passkey.attestation_expired');
  },
);
