/**
 * Enrols DEVICES devices at a console with the credential of this machine, and says `enrolled`; after a line on stdin it
 * opens PER_DEVICE tunnels for each, and says `open`. Ends when its stdin does. Usage: idle-tunnels.ts HOME DEVICES PER_DEVICE
 */
import 'reflect-metadata';
import { KeyObject, type webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { gatewayServerName, LOCAL_CREDENTIAL_FILE, localCredential, parseHostPort, TUNNEL_ALPN } from '@zeronaut/model';
import { createTunnelDialer } from '@zeronaut/tunnel';
import { Api } from '../../e2e/harness/api.ts';

const [home, devices, perDevice] = process.argv.slice(2) as [string, string, string];
const { consoleUrl, apiKey } = localCredential.parse(
  JSON.parse(readFileSync(join(home, LOCAL_CREDENTIAL_FILE), 'utf8')),
);
const api = new Api(consoleUrl, apiKey);
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

async function enrol(number: number): Promise<{ cert: string; key: string }> {
  const keys = (await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=bench',
    keys,
    signingAlgorithm: ALGORITHM,
  });
  const { certificate } = await api.call('devices.enrol', {
    body: { name: `bench-${number}`, csr: request.toString('pem') },
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }) as string;
  return { cert: certificate, key };
}

const endpoints = await api.call('endpoints.list', {});
const gateway = endpoints.gateways[0]!;
const { host, port } = parseHostPort(gateway.address)!;

function open(credentials: { cert: string; key: string }): Promise<void> {
  return new Promise((resolve) => {
    createTunnelDialer({
      ...{ host, port, servername: gatewayServerName(gateway.gatewayId), alpn: TUNNEL_ALPN },
      ...{ ca: endpoints.certificateAuthority, ...credentials },
      onUp: () => resolve(),
      onDown: () => undefined,
      onStream: (stream) => stream.abort('target.not_exposed'),
      onMessage: () => undefined,
    });
  });
}

const enrolled: { cert: string; key: string }[] = [];
for (let i = 0; i < Number(devices); i++) enrolled.push(await enrol(i));
// The gateway knows the last one: it needs no console for the others.
await open(enrolled.at(-1)!);
process.stdout.write('enrolled\n');
const input = createInterface({ input: process.stdin });
await once(input, 'line');
for (const credentials of enrolled) {
  const already = credentials === enrolled.at(-1) ? 1 : 0;
  await Promise.all(Array.from({ length: Number(perDevice) - already }, () => open(credentials)));
}
process.stdout.write('open\n');
input.on('close', () => process.exit(0));
