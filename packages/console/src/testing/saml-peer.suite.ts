import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { inflateRawSync } from 'node:zlib';
import { createSamlKey, type RootMaterial } from '../authority/certificate-authority.ts';

const FORMAT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

interface LoginRequest {
  readonly extract: { readonly request: { readonly id: string }; readonly issuer: string };
}

interface Service {
  readonly entityMeta: { getAssertionConsumerService(binding: 'post'): string };
}

interface Idp {
  getMetadata(): string;
  parseLoginRequest(service: Service, binding: 'redirect', request: object): Promise<LoginRequest>;
  createLoginResponse(
    service: Service,
    request: LoginRequest,
    binding: 'post',
    user: object,
    options: object,
  ): Promise<{ context: string }>;
}

/** As much of samlify as is used: its own types bring all of a browser's globals with them. */
const samlify = createRequire(import.meta.url)('samlify') as {
  setSchemaValidator(validator: { validate(xml: string): Promise<string> }): void;
  IdentityProvider(settings: object): Idp;
  ServiceProvider(settings: object): Service;
};

// samlify insists on one; the shape of what we send is what the test looks at.
samlify.setSchemaValidator({ validate: async () => 'valid' });

export interface SamlPerson {
  readonly nameId: string;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

export interface SamlPeerOptions {
  readonly wantsSignedRequests?: boolean;
  /** Names the XML Encryption algorithm of assertions. */
  readonly encryption?: string;
  /** Under which name it is reached; a browser sees another site than 127.0.0.1 in `localhost`. */
  readonly host?: string;
}

/** What a test does to one response. */
export interface ResponseChanges {
  /** On the text before it is signed. */
  readonly before?: (xml: string) => string;
  /** On the signed text. */
  readonly after?: (xml: string) => string;
  /** Instead of the peer's. */
  readonly key?: RootMaterial;
  readonly algorithm?: string;
  /** Signs the response too. */
  readonly signResponse?: boolean;
  readonly signAssertion?: boolean;
}

/** A SAML identity provider of another make, on loopback. Whoever comes is signed in as `signedIn`. */
export interface SamlPeer {
  readonly entityId: string;
  readonly metadataUrl: string;
  /** How often the metadata were fetched. */
  readonly fetches: number;
  metadata: string;
  key: RootMaterial;
  signedIn: SamlPerson;
  /** When the person signed in here, ms; a request that forces it makes it now. Null: each time anew. */
  signedInAtMs: number | null;
  /** 200 as long as it is null. */
  metadataStatus: number | null;
  /** The peer answers from then on. */
  start(serviceMetadata: string): void;
  /** Takes another key, which its metadata show from then on. */
  rotate(): Promise<void>;
  /** The fields that its page would post. */
  respond(requestUrl: string, changes?: ResponseChanges): Promise<Record<string, string>>;
}

export async function createSamlPeer(
  t: Pick<TestContext, 'after'>,
  clock: () => number,
  options: SamlPeerOptions = {},
): Promise<SamlPeer> {
  let serviceMetadata = '';
  let fetches = 0;
  const server = createServer((request, response) => {
    const url = `${peer.entityId}${request.url}`;
    if (request.url === '/metadata') {
      fetches++;
      response.writeHead(peer.metadataStatus ?? 200, { 'content-type': 'application/xml' }).end(peer.metadata);
      return;
    }
    peer.respond(url).then(
      (fields) => {
        const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
        const to = /AssertionConsumerService [^>]*Location="([^"]+)"/.exec(serviceMetadata)?.[1] ?? '';
        response
          .writeHead(200, { 'content-type': 'text/html' })
          .end(
            `<form method="post" action="${to}">${inputs.join('')}</form><script>document.forms[0].submit()</script>`,
          );
      },
      (error: Error) => response.writeHead(400).end(error.message),
    );
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const entityId = `http://${options.host ?? '127.0.0.1'}:${(server.address() as AddressInfo).port}`;

  const provider = (changes: ResponseChanges) =>
    samlify.IdentityProvider({
      entityID: entityId,
      privateKey: (changes.key ?? peer.key).privateKey,
      signingCert: peer.key.certificate,
      requestSignatureAlgorithm: changes.algorithm ?? RSA_SHA256,
      wantAuthnRequestsSigned: options.wantsSignedRequests ?? false,
      isAssertionEncrypted: options.encryption !== undefined,
      ...(options.encryption === undefined ? {} : { dataEncryptionAlgorithm: options.encryption }),
      nameIDFormat: [FORMAT],
      // samlify says so loudly when there is none.
      singleLogoutService: [
        { Binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', Location: `${entityId}/slo` },
      ],
      singleSignOnService: [
        { Binding: 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', Location: `${entityId}/sso?tenant=1` },
      ],
    });

  const peer: SamlPeer = {
    entityId,
    metadataUrl: `${entityId}/metadata`,
    get fetches() {
      return fetches;
    },
    metadata: '',
    key: await createSamlKey(clock()),
    signedIn: { nameId: 'nobody', attributes: {} },
    signedInAtMs: null,
    metadataStatus: null,
    start(text) {
      serviceMetadata = text;
    },
    async rotate() {
      peer.key = await createSamlKey(clock());
      peer.metadata = provider({}).getMetadata();
    },
    async respond(requestUrl, changes = {}) {
      const url = new URL(requestUrl);
      const wanted = changes.signAssertion === false ? 'WantAssertionsSigned="false"' : 'WantAssertionsSigned="true"';
      const service = samlify.ServiceProvider({
        metadata: serviceMetadata
          .replace('WantAssertionsSigned="true"', wanted)
          .replace('AuthnRequestsSigned="true"', `AuthnRequestsSigned="${options.wantsSignedRequests ?? false}"`),
        wantMessageSigned: changes.signResponse ?? false,
      });
      const query = Object.fromEntries(url.searchParams);
      const idp = provider(changes);
      const signedPart = url.search
        .slice(1)
        .replace(/^tenant=1&/, '')
        .replace(/&Signature=.*/, '');
      const request = await idp.parseLoginRequest(service, 'redirect', { query, octetString: signedPart });
      const { id } = request.extract.request;
      const asked = inflateRawSync(Buffer.from(query.SAMLRequest ?? '', 'base64')).toString();
      if (peer.signedInAtMs !== null && asked.includes('ForceAuthn="true"')) peer.signedInAtMs = clock();
      const acs = service.entityMeta.getAssertionConsumerService('post');
      const render = () => ({
        id: '_response',
        context: (changes.before ?? ((xml) => xml))(
          responseText({
            entityId,
            acs,
            audience: request.extract.issuer,
            requestId: id,
            nowMs: clock(),
            signedInAtMs: peer.signedInAtMs ?? clock(),
            person: peer.signedIn,
          }),
        ),
      });
      const { context } = await idp.createLoginResponse(service, request, 'post', {}, { customTagReplacement: render });
      const xml = Buffer.from(context, 'base64').toString();
      const changed = (changes.after ?? ((text) => text))(xml);
      return {
        SAMLResponse: Buffer.from(changed).toString('base64'),
        RelayState: url.searchParams.get('RelayState') ?? '',
      };
    },
  };
  peer.metadata = provider({}).getMetadata();
  return peer;
}

let count = 0;

function responseText(input: {
  entityId: string;
  acs: string;
  audience: string;
  requestId: string;
  nowMs: number;
  signedInAtMs: number;
  person: SamlPerson;
}): string {
  const { entityId, acs, audience, requestId, nowMs, signedInAtMs, person } = input;
  const at = (offsetMs: number) => new Date(nowMs + offsetMs).toISOString();
  const number = ++count;
  const attributes = Object.entries(person.attributes).map(
    ([name, values]) =>
      `<saml:Attribute Name="${name}">${values.map((value) => `<saml:AttributeValue xsi:type="xs:string">${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`,
  );
  return (
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r${number}" Version="2.0" IssueInstant="${at(0)}" Destination="${acs}" InResponseTo="${requestId}">` +
    `<saml:Issuer>${entityId}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>` +
    `<saml:Assertion xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a${number}" Version="2.0" IssueInstant="${at(0)}">` +
    `<saml:Issuer>${entityId}</saml:Issuer><saml:Subject><saml:NameID Format="${FORMAT}">${person.nameId}</saml:NameID>` +
    `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${at(300_000)}" Recipient="${acs}" InResponseTo="${requestId}"/></saml:SubjectConfirmation></saml:Subject>` +
    `<saml:Conditions NotBefore="${at(-5_000)}" NotOnOrAfter="${at(300_000)}"><saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
    `<saml:AuthnStatement AuthnInstant="${at(signedInAtMs - nowMs)}" SessionIndex="_s${number}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
    `<saml:AttributeStatement>${attributes.join('')}</saml:AttributeStatement></saml:Assertion></samlp:Response>`
  );
}
