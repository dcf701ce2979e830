import assert from 'node:assert/strict';
import { createHmac, X509Certificate } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '@zeronaut/testkit';
import { createSamlKey } from '../../authority/certificate-authority.ts';
import { TestBrowser } from '../../testing/browser.suite.ts';
import type { ResponseChanges } from '../../testing/saml-peer.suite.ts';
import { type SamlWorld, samlWorld } from '../../testing/saml-world.suite.ts';

function sqlite(t: TestContext) {
  const file = `${temporaryDirectory(t)}/z.db`;
  return { kind: 'sqlite' as const, file, url: `sqlite:${file}` };
}

/** What the peer signed, taken apart with the means of an attacker: text. */
const assertionIn = (xml: string) => /<saml:Assertion.*<\/saml:Assertion>/s.exec(xml)![0];
const signatureIn = (xml: string) => /<ds:Signature.*?<\/ds:Signature>/s.exec(xml)![0];
const withoutSignature = (xml: string) => xml.replace(signatureIn(xml), '');
/** The same assertion, unsigned, of another person, under another id. */
const evilOf = (assertion: string) =>
  withoutSignature(assertion)
    .replace(/ID="_a\d+"/, 'ID="_evil"')
    .replaceAll('mallory', 'owner');
/** Replaces the assertion; as a function, because `$` means something in a replacement text. */
const instead = (xml: string, text: string) => xml.replace(assertionIn(xml), () => text);
const inside = (assertion: string, text: string) => assertion.replace('</saml:Issuer>', () => `</saml:Issuer>${text}`);
const atEnd = (assertion: string, text: string) =>
  assertion.replace('</saml:Assertion>', () => `${text}</saml:Assertion>`);

interface Forgery extends ResponseChanges {
  readonly reason: string;
  /** In place of the whole field. */
  readonly field?: (field: string) => string;
}

const swap = (from: string | RegExp, to: string) => (xml: string) => {
  const changed = xml.replace(from, () => to);
  assert.notEqual(changed, xml, `nothing to change: ${from}`);
  return changed;
};
const later = (minutes: number, nowMs: number) => new Date(nowMs + minutes * 60_000).toISOString();

function forgeries(world: SamlWorld, other: { key: ResponseChanges['key'] }): Record<string, Forgery> {
  const { nowMs } = world.fixture.clock;
  const response = (name: string) => new RegExp(`(?<=<samlp:Response [^>]*)${name}="[^"]*"`);
  const data = (name: string) => new RegExp(`(?<=<saml:SubjectConfirmationData [^>]*)${name}="[^"]*"`);
  return {
    // What is not signed, or not by them.
    'no signature': { reason: 'idp.unsigned', after: withoutSignature },
    'only the response is signed': { reason: 'idp.unsigned', signAssertion: false, signResponse: true },
    'another name after signing': {
      reason: 'idp.signature_invalid',
      after: (xml) => xml.replaceAll('mallory', 'owner'),
    },
    'a group more after signing': {
      reason: 'idp.signature_invalid',
      after: swap(
        '</saml:AttributeStatement>',
        '<saml:Attribute Name="groups"><saml:AttributeValue>x</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>',
      ),
    },
    'a signature value of their own': {
      reason: 'idp.key_unknown',
      after: swap(/<ds:SignatureValue>.{8}/, '<ds:SignatureValue>AAAAAAAA'),
    },
    'an empty signature value': {
      reason: 'idp.malformed',
      after: swap(/<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>'),
    },
    'the key of another provider': { reason: 'idp.key_unknown', ...other },
    'the key of another provider, its certificate within': {
      reason: 'idp.key_unknown',
      ...other,
      after: (xml) =>
        xml.replace(
          /<ds:X509Certificate>[^<]*/,
          () => `<ds:X509Certificate>${other.key!.certificate.replace(/-----[A-Z ]+-----|\s/g, '')}`,
        ),
    },
    'SHA-1': { reason: 'idp.algorithm_refused', algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' },
    'the digest SHA-1': {
      reason: 'idp.algorithm_refused',
      after: swap('http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2000/09/xmldsig#sha1'),
    },
    'HMAC with the certificate as key': {
      reason: 'idp.algorithm_refused',
      after: (xml) => {
        const der = new X509Certificate(world.peer.key.certificate).raw;
        const value = createHmac('sha1', der).update(xml).digest('base64');
        return xml
          .replace('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2000/09/xmldsig#hmac-sha1')
          .replace(/<ds:SignatureValue>[^<]*/, () => `<ds:SignatureValue>${value}`);
      },
    },
    'no algorithm': {
      reason: 'idp.algorithm_refused',
      after: swap('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', ''),
    },
    'canonical with comments': {
      reason: 'idp.algorithm_refused',
      after: swap('xml-exc-c14n#', 'xml-exc-c14n#WithComments'),
    },
    'not canonical': {
      reason: 'idp.algorithm_refused',
      after: swap('http://www.w3.org/2001/10/xml-exc-c14n#', 'urn:none'),
    },
    'a transform by XSLT': {
      reason: 'idp.algorithm_refused',
      after: swap(
        'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
        'http://www.w3.org/TR/1999/REC-xslt-19991116',
      ),
    },
    'a third transform by XPath': {
      reason: 'idp.algorithm_refused',
      after: swap(
        '<ds:Transforms>',
        '<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>false()</ds:XPath></ds:Transform>',
      ),
    },
    // Signature wrapping, by the numbers of "On Breaking SAML" (Somorovsky et al., 2012).
    'XSW1: a response around the signed one, which is in its signature': {
      reason: 'idp.signature_misplaced',
      signResponse: true,
      after: (xml) => {
        const signature = /<ds:Signature.*?<\/ds:Signature>(?=<samlp:Status)/s.exec(xml)![0];
        const original = xml.replace(signature, '');
        const evil = instead(original, evilOf(assertionIn(xml))).replace(/ID="_r\d+"/, 'ID="_evilresponse"');
        const carrying = signature.replace('</ds:Signature>', () => `${original}</ds:Signature>`);
        return evil.replace('<samlp:Status>', () => `${carrying}<samlp:Status>`);
      },
    },
    'XSW2: the signed response before a detached signature': {
      reason: 'idp.signature_misplaced',
      signResponse: true,
      after: (xml) => {
        const signature = /<ds:Signature.*?<\/ds:Signature>(?=<samlp:Status)/s.exec(xml)![0];
        const original = xml.replace(signature, '');
        const evil = instead(original, evilOf(assertionIn(xml))).replace(/ID="_r\d+"/, 'ID="_evilresponse"');
        return evil.replace('<samlp:Status>', () => `${original}${signature}<samlp:Status>`);
      },
    },
    'XSW3: another assertion before the signed one': {
      reason: 'idp.signature_misplaced',
      after: (xml) => instead(xml, evilOf(assertionIn(xml)) + assertionIn(xml)),
    },
    'XSW3, behind it': {
      reason: 'idp.signature_misplaced',
      after: (xml) => instead(xml, assertionIn(xml) + evilOf(assertionIn(xml))),
    },
    'XSW4: another assertion around the signed one': {
      reason: 'idp.signature_misplaced',
      after: (xml) => instead(xml, atEnd(evilOf(assertionIn(xml)), assertionIn(xml))),
    },
    'XSW5: the signature in another assertion, the signed one behind it': {
      reason: 'idp.signature_misplaced',
      after: (xml) => {
        const [original, signature] = [assertionIn(xml), signatureIn(xml)];
        return instead(xml, inside(evilOf(original), signature) + withoutSignature(original));
      },
    },
    'XSW6: the signed one in the signature of another': {
      reason: 'idp.signature_misplaced',
      after: (xml) => {
        const [original, signature] = [assertionIn(xml), signatureIn(xml)];
        const carrying = signature.replace('</ds:Signature>', () => `${withoutSignature(original)}</ds:Signature>`);
        return instead(xml, inside(evilOf(original), carrying));
      },
    },
    'XSW7: another one in Extensions': {
      reason: 'idp.signature_misplaced',
      after: (xml) =>
        xml.replace(
          '<samlp:Status>',
          () => `<samlp:Extensions>${evilOf(assertionIn(xml))}</samlp:Extensions><samlp:Status>`,
        ),
    },
    'XSW8: the signed one in an Object of the signature of another': {
      reason: 'idp.signature_misplaced',
      after: (xml) => {
        const [original, signature] = [assertionIn(xml), signatureIn(xml)];
        const object = `<ds:Object>${withoutSignature(original)}</ds:Object>`;
        return instead(
          xml,
          inside(
            evilOf(original),
            signature.replace('</ds:Signature>', () => `${object}</ds:Signature>`),
          ),
        );
      },
    },
    'the same id twice': {
      reason: 'idp.malformed',
      after: (xml) =>
        instead(xml, evilOf(assertionIn(xml)).replace('_evil', /ID="(_a\d+)"/.exec(xml)![1]!) + assertionIn(xml)),
    },
    'a signature of the response under the assertion': {
      reason: 'idp.signature_misplaced',
      after: (xml) => xml.replace(/URI="#_a\d+"/, `URI="#${/ID="(_r\d+)"/.exec(xml)![1]}"`),
    },
    'a signature of the whole document': { reason: 'idp.signature_misplaced', after: swap(/URI="#_a\d+"/, 'URI=""') },
    'two references': {
      reason: 'idp.signature_misplaced',
      after: (xml) => xml.replace(/<ds:Reference.*?<\/ds:Reference>/s, (one) => one + one),
    },
    // What parsers do with texts that are not what they seem.
    'a comment in the NameID': {
      reason: 'idp.malformed',
      after: swap('>mallory</saml:NameID>', '>mal<!---->lory</saml:NameID>'),
    },
    'a comment that cuts a signed NameID': {
      reason: 'idp.malformed',
      before: swap('>mallory</saml:NameID>', '>owner@corp.example<!---->.mallory.example</saml:NameID>'),
    },
    'a comment in the digest': {
      reason: 'idp.malformed',
      after: swap('<ds:DigestValue>', '<ds:DigestValue><!--AAAA-->'),
    },
    'CDATA in the NameID': {
      reason: 'idp.malformed',
      after: swap('>mallory</saml:NameID>', '><![CDATA[mallory]]></saml:NameID>'),
    },
    'an element in the NameID': {
      reason: 'idp.malformed',
      before: swap('>mallory</saml:NameID>', '>owner<b/>mallory</saml:NameID>'),
    },
    'a processing instruction': { reason: 'idp.malformed', after: swap('<saml:Subject>', '<?x y?><saml:Subject>') },
    'a document type': { reason: 'idp.malformed', after: (xml) => `<!DOCTYPE Response>${xml}` },
    'an external entity (XXE)': {
      reason: 'idp.malformed',
      after: (xml) => `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>${xml.replace('>mallory<', '>&x;<')}`,
    },
    'an entity bomb': {
      reason: 'idp.malformed',
      after: (xml) =>
        `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>${xml.replace('>mallory<', '>&b;<')}`,
    },
    'an entity that nobody declared': {
      reason: 'idp.malformed',
      after: swap('>mallory</saml:NameID>', '>&owner;</saml:NameID>'),
    },
    'another encoding': { reason: 'idp.malformed', after: (xml) => `<?xml version="1.0" encoding="UTF-7"?>${xml}` },
    'two roots': { reason: 'idp.malformed', after: (xml) => xml + xml.replaceAll(/ID="/g, 'ID="_b') },
    'deep nesting': {
      reason: 'idp.malformed',
      after: swap('<saml:Subject>', `${'<a>'.repeat(9_000)}${'</a>'.repeat(9_000)}<saml:Subject>`),
    },
    'too many elements': {
      reason: 'idp.malformed',
      after: swap('<saml:Subject>', `${'<a/>'.repeat(11_000)}<saml:Subject>`),
    },
    'too large': { reason: 'idp.malformed', after: swap('<saml:Subject>', `${' '.repeat(140_000)}<saml:Subject>`) },
    'half of it': { reason: 'idp.malformed', after: (xml) => xml.slice(0, xml.length / 2) },
    'not base64': { reason: 'idp.malformed', field: (field) => `${field.slice(0, 100)}%%%` },
    'not UTF-8': { reason: 'idp.malformed', field: () => Buffer.from([0x3c, 0xff, 0xfe]).toString('base64') },
    nothing: { reason: 'idp.malformed', field: () => '' },
    'a request for an answer': {
      reason: 'idp.malformed',
      after: (xml) => xml.replaceAll('samlp:Response', 'samlp:AuthnRequest'),
    },
    'no assertion': { reason: 'idp.malformed', after: (xml) => instead(xml, '') },
    // Good signatures over what was meant for somebody, somewhere or some time else.
    'another issuer': {
      reason: 'idp.issuer_mismatch',
      before: (xml) => xml.replaceAll(world.peer.entityId, 'https://evil.example'),
    },
    'another issuer of the assertion alone': {
      reason: 'idp.issuer_mismatch',
      before: swap(/(?<=<saml:Assertion[^>]*><saml:Issuer>)[^<]*/, 'https://evil.example'),
    },
    'another audience': {
      reason: 'idp.audience_mismatch',
      before: swap(/<saml:Audience>[^<]*/, '<saml:Audience>https://other.example'),
    },
    'two audience restrictions, one not ours': {
      reason: 'idp.audience_mismatch',
      before: swap(
        '</saml:AudienceRestriction>',
        '</saml:AudienceRestriction><saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>',
      ),
    },
    'no audience': {
      reason: 'idp.audience_mismatch',
      before: swap(/<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/s, ''),
    },
    'another recipient': {
      reason: 'idp.recipient_mismatch',
      before: swap(data('Recipient'), 'Recipient="https://other.example/acs"'),
    },
    'another destination': {
      reason: 'idp.recipient_mismatch',
      before: swap(response('Destination'), 'Destination="https://other.example/acs"'),
    },
    'no destination': { reason: 'idp.recipient_mismatch', before: swap(response('Destination'), '') },
    'an answer to another request': {
      reason: 'idp.nonce_mismatch',
      before: swap(data('InResponseTo'), 'InResponseTo="_other"'),
    },
    'an assertion that answers nothing': { reason: 'idp.nonce_mismatch', before: swap(data('InResponseTo'), '') },
    'a response that answers another request': {
      reason: 'idp.nonce_mismatch',
      before: swap(response('InResponseTo'), 'InResponseTo="_other"'),
    },
    'an old assertion': {
      reason: 'idp.time_invalid',
      before: swap(/(?<=<saml:Conditions [^>]*)NotOnOrAfter="[^"]*"/, `NotOnOrAfter="${later(-1, nowMs)}"`),
    },
    'an assertion of tomorrow': {
      reason: 'idp.time_invalid',
      before: swap(/NotBefore="[^"]*"/, `NotBefore="${later(1440, nowMs)}"`),
    },
    'a confirmation that has ended': {
      reason: 'idp.time_invalid',
      before: swap(data('NotOnOrAfter'), `NotOnOrAfter="${later(-1, nowMs)}"`),
    },
    'issued in the future': {
      reason: 'idp.time_invalid',
      before: swap(/(?<=<saml:Assertion [^>]*)IssueInstant="[^"]*"/, `IssueInstant="${later(5, nowMs)}"`),
    },
    'good for ever, of last year': {
      reason: 'idp.time_invalid',
      before: swap(/(?<=<saml:Assertion [^>]*)IssueInstant="[^"]*"/, `IssueInstant="${later(-500_000, nowMs)}"`),
    },
    'a session that is over': {
      reason: 'idp.time_invalid',
      before: swap('<saml:AuthnStatement ', `<saml:AuthnStatement SessionNotOnOrAfter="${later(-5, nowMs)}" `),
    },
    'a time in another zone': {
      reason: 'idp.malformed',
      before: swap(data('NotOnOrAfter'), 'NotOnOrAfter="2099-01-01T00:00:00+14:00"'),
    },
    'no end': { reason: 'idp.malformed', before: swap(data('NotOnOrAfter'), '') },
    'no conditions': { reason: 'idp.malformed', before: swap(/<saml:Conditions.*<\/saml:Conditions>/s, '') },
    'a condition that nobody knows': {
      reason: 'idp.malformed',
      before: swap('</saml:Conditions>', '<saml:Condition/></saml:Conditions>'),
    },
    'holder of key': { reason: 'idp.malformed', before: swap('cm:bearer', 'cm:holder-of-key') },
    'no sign-in': { reason: 'idp.malformed', before: swap(/<saml:AuthnStatement.*<\/saml:AuthnStatement>/s, '') },
    'a passing name': { reason: 'idp.malformed', before: swap('nameid-format:persistent', 'nameid-format:transient') },
    'SAML 1.1': { reason: 'idp.malformed', before: swap('Version="2.0"', 'Version="1.1"') },
    'the provider says no': { reason: 'idp.refused', before: swap('status:Success', 'status:Requester') },
    'success within a refusal': {
      reason: 'idp.refused',
      before: swap(
        /<samlp:StatusCode[^>]*\/>/,
        '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:StatusCode>',
      ),
    },
    // Good in all, and of nobody that this provider may speak for.
    'a mail domain of others': {
      reason: 'idp.email_not_owned',
      before: swap('mallory@corp.example', 'ann@other.example'),
    },
    'no address': { reason: 'idp.email_missing', before: swap('Name="email"', 'Name="mail"') },
    'an address with two @': {
      reason: 'idp.email_missing',
      before: swap('mallory@corp.example', 'ann@corp.example@evil.example'),
    },
  };
}

async function attempt(world: SamlWorld, forgery: Forgery): Promise<string> {
  // As long as a patient attacker would wait between two.
  world.fixture.clock.nowMs += 6_000;
  const browser = new TestBrowser();
  const hop = await browser.hop(`${world.console}/sign-in/with/${world.provider.id}`);
  const fields = await world.peer.respond(hop.headers.get('location')!, forgery);
  const SAMLResponse = forgery.field?.(fields.SAMLResponse!) ?? fields.SAMLResponse!;
  const acs = `${world.console}/sign-in/saml/${world.provider.id}`;
  const page = await browser.post(acs, { ...fields, SAMLResponse }, { origin: world.peer.entityId });
  const text = await page.text();
  const onward = /<a id="next" href="([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
  const last = onward === undefined ? text : await (await browser.get(new URL(onward, world.console).href)).text();
  const signedIn = browser.cookie(world.console, 'zn_console') !== null;
  return signedIn ? 'signed in' : (/class="soft small"><code>([a-z_.]+)<\/code> ·/.exec(last)?.[1] ?? last.slice(-300));
}

test('forged and misused assertions are refused, each for its own reason', async (t) => {
  const world = await samlWorld(t, sqlite(t));
  const { peer, organization } = world;
  peer.signedIn = { nameId: 'mallory', attributes: { email: ['mallory@corp.example'], groups: ['engineering'] } };
  const other = { key: await createSamlKey(world.fixture.clock.nowMs) };
  const names = Object.keys(forgeries(world, other));
  const found: Record<string, string> = {};
  const expected: Record<string, string> = {};
  for (const name of names) {
    const forgery = forgeries(world, other)[name]!;
    expected[name] = forgery.reason;
    found[name] = await attempt(world, forgery);
  }
  assert.deepEqual(found, expected);
  assert.ok(names.length >= 60, String(names.length));
  const entries = (await organization.call('GET', '/api/v1/audit?limit=100')).json().items;
  assert.ok(entries.filter(({ action }: { action: string }) => action === 'session.denied').length >= 60);
  // The unchanged one is good, so that nothing above was refused for something else; also with a good second signature.
  assert.equal(await attempt(world, { reason: '' }), 'signed in');
  assert.equal(await attempt(world, { reason: '', signResponse: true }), 'signed in');
  const responseForged = {
    reason: '',
    signResponse: true,
    after: (xml: string) => xml.replace('ID="_r', 'Consent="x" ID="_r'),
  };
  assert.equal(await attempt(world, responseForged), 'idp.signature_invalid', 'a signature that is there must be good');
});

test('an assertion id is used once, also by a provider that repeats itself, and after a restart', async (t) => {
  const world = await samlWorld(t, { kind: 'sqlite', url: `sqlite:${temporaryDirectory(t)}/z.db` } as Parameters<
    typeof samlWorld
  >[1]);
  world.peer.signedIn = { nameId: 'ann', attributes: { email: ['ann@corp.example'] } };
  const same = { reason: '', before: (xml: string) => xml.replace(/ID="_a\d+"/, 'ID="_same"') };
  assert.equal(await attempt(world, same), 'signed in');
  assert.equal(await attempt(world, same), 'idp.replayed');
  const rows = await world.fixture.context.store.db.selectFrom('used_assertions').selectAll().execute();
  assert.equal(rows.length, 1, 'it is in the database, not in the process');
});

test('keys and metadata that are past their time vouch for nothing', async (t) => {
  const world = await samlWorld(t, { kind: 'sqlite', url: `sqlite:${temporaryDirectory(t)}/z.db` } as Parameters<
    typeof samlWorld
  >[1]);
  const { peer, fixture } = world;
  peer.signedIn = { nameId: 'ann', attributes: { email: ['ann@corp.example'] } };
  assert.equal(await attempt(world, { reason: '' }), 'signed in');
  peer.metadata = peer.metadata.replace(
    '<EntityDescriptor',
    `<EntityDescriptor validUntil="${later(60, fixture.clock.nowMs)}"`,
  );
  fixture.clock.nowMs += 4_000_000;
  const page = await (await new TestBrowser().get(`${world.console}/sign-in/with/${world.provider.id}`)).text();
  assert.match(page, /idp\.time_invalid/);
  peer.metadata = peer.metadata.replace(/ validUntil="[^"]*"/, '');
  // Twenty years on, with the same certificate.
  fixture.clock.nowMs += 21 * 365 * 86_400_000;
  assert.equal(await attempt(world, { reason: '' }), 'idp.key_unknown');
});

test('a provider that must sign responses too', async (t) => {
  const world = await samlWorld(t, sqlite(t), {
    settings: { wantResponseSigned: true },
  });
  world.peer.signedIn = { nameId: 'ann', attributes: { email: ['ann@corp.example'] } };
  assert.equal(await attempt(world, { reason: '' }), 'idp.unsigned');
  assert.equal(await attempt(world, { reason: '', signResponse: true }), 'signed in');
});
