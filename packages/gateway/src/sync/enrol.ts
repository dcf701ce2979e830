import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type GatewayFile, problem as problemSchema, routes } from '@zeronaut/model';
import { createCertificateRequest } from './certificate-request.ts';
import { type Credentials, fits } from './identity.ts';
import { createSigningKey } from './signing-key.ts';

/**
 * The first contact of a gateway with its console, and the only one over HTTP: a short-lived token against an identity.
 * All keys are made here and stay here. What comes back (certificates, the key that signs snapshots, where to dial)
 * is pinned for good.
 */
export interface EnrolOptions {
  readonly console: NonNullable<GatewayFile['console']>;
  readonly token: string;
  /** As visitors and agents reach them. */
  readonly httpsPort: number;
  readonly tunnelPort: number;
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 15_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** The console said no. The message is for the person at the terminal. */
export class EnrolmentRefused extends Error {
  override readonly name = 'EnrolmentRefused';
}

/** Saves nothing. Throws `EnrolmentRefused` when the console said no, and the network's error when it could not be asked. */
export async function enrol(options: EnrolOptions): Promise<Credentials> {
  const client = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const tls = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signing = createSigningKey();
  const clientKey = exportPrivate(client.privateKey);
  const tlsKey = exportPrivate(tls.privateKey);
  const { name, region, baseDomain, portRange } = options.console;
  const route = routes['gateways.enrol'];
  const answer = await post(
    new URL(route.path, options.console.url),
    {
      token: options.token,
      csr: await createCertificateRequest(clientKey, name),
      name,
      region,
      baseDomain,
      publicHost: options.console.publicHost ?? baseDomain,
      httpsPort: options.httpsPort,
      tunnelPort: options.tunnelPort,
      portRange,
      signingKey: signing.publicJwk,
      tlsPublicKey: tls.publicKey.export({ type: 'spki', format: 'pem' }) as string,
    },
    route.status,
    options.signal,
  );
  const parsed = route.response.safeParse(answer);
  if (!parsed.success) {
    throw new EnrolmentRefused(
      'the console answered something else than an enrolment; is its version older than ours?',
    );
  }
  const { gateway, certificate, tunnelCertificate, certificateAuthority, snapshotKey, syncAddress } = parsed.data;
  const now = Date.now();
  if (!fits(certificate, clientKey, certificateAuthority, now)) {
    throw new EnrolmentRefused(
      'the certificate of the console is not for our key, or not valid now: compare the clocks',
    );
  }
  if (!fits(tunnelCertificate, tlsKey, certificateAuthority, now)) {
    throw new EnrolmentRefused('the tunnel certificate of the console is not for our key, or not valid now');
  }
  return {
    tlsKey,
    identity: {
      format: 1,
      gatewayId: gateway.id,
      organizationId: gateway.organizationId,
      consoleUrl: options.console.url,
      name: gateway.name,
      baseDomain: gateway.baseDomain,
      syncAddress,
      clientKey,
      clientCertificate: certificate,
      tunnelCertificate,
      certificateAuthority,
      signingKey: signing.privateKey,
      signingKeyId: signing.publicJwk.kid,
      snapshotKey,
      httpsPort: options.httpsPort,
      tunnelPort: options.tunnelPort,
    },
  };
}

function exportPrivate(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

async function post(url: URL, body: unknown, expected: number, signal: AbortSignal | undefined): Promise<unknown> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    // A redirect would carry the token to somebody else.
    redirect: 'error',
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
  });
  const text = await readBounded(response);
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EnrolmentRefused(`${url.origin} answered ${response.status} and no JSON; is it a console?`);
  }
  if (response.status === expected) return value;
  const problem = problemSchema.safeParse(value);
  if (!problem.success) throw new EnrolmentRefused(`${url.origin} answered ${response.status}`);
  const { title, detail, next, reason } = problem.data;
  const fields = (problem.data.errors ?? []).map((error) => `${error.path}: ${error.message}`);
  throw new EnrolmentRefused([`${title} (${reason})`, detail, ...fields, next].filter(Boolean).join('. '));
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) throw new EnrolmentRefused('the console answered more than 1 MiB');
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString('utf8');
}
