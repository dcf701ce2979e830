import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ApiError } from '../api/api-error.ts';
import { listAll } from '../api/client.ts';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import type { Connection } from './connection.ts';
import { withFileLock } from './file-lock.ts';
import { homeDirectory } from './home.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

const device = z.strictObject({
  deviceId: z.string(),
  organizationId: z.string(),
  userId: z.string(),
  name: z.string(),
  /** PKCS #8, PEM. Never leaves this file. */
  privateKey: z.string(),
  certificate: z.string(),
  certificateAuthority: z.string(),
});
/** This machine as an enrolled device of one user at one console. All keys and certificates are PEM. */
export type Device = z.infer<typeof device>;

/** By console and identity, see `deviceKey`. */
const deviceFile = z.strictObject({ devices: z.record(z.string(), device) });

const LOCK_TIMEOUT_MS = 20_000;
/** A certificate is renewed when this share of its life is over. */
const RENEW_AFTER = 2 / 3;

function devicePath(): string {
  return join(homeDirectory(), 'device.json');
}

function deviceKey(connection: Pick<Connection, 'consoleUrl' | 'identity'>): string {
  return `${connection.consoleUrl} ${connection.identity}`;
}

function loadDevices(): Record<string, Device> {
  return readPrivateFile(devicePath(), deviceFile)?.devices ?? {};
}

/** The device as it is on disk; null when this identity has not enrolled yet. Asks nobody. */
export function loadDevice(connection: Connection): Device | null {
  return loadDevices()[deviceKey(connection)] ?? null;
}

/** The key of the device as it is on disk; null when this identity has not enrolled yet. */
export function loadDeviceKey(connection: Pick<Connection, 'consoleUrl' | 'identity'>): KeyObject | null {
  const own = loadDevices()[deviceKey(connection)];
  return own === undefined ? null : createPrivateKey(own.privateKey);
}

/** The device, enrolled first if need be. */
export async function ensureDevice(connection: Connection): Promise<Device> {
  const existing = loadDevice(connection);
  if (existing !== null && validity(existing).leftMs > 0) return existing;
  return withFileLock(`${devicePath()}.lock`, LOCK_TIMEOUT_MS, async () => {
    // Two first commands at once must become one device, not two.
    const meanwhile = loadDevice(connection);
    if (meanwhile !== null && validity(meanwhile).leftMs > 0) return meanwhile;
    const enrolled = await enrol(connection);
    saveDevice(connection, enrolled);
    return enrolled;
  });
}

/** A new certificate for the same key when two thirds of the old one's life are over; else the device as it is. */
export async function renewDevice(connection: Connection, current: Device): Promise<Device> {
  if (!isRenewalDue(current)) return current;
  return withFileLock(`${devicePath()}.lock`, LOCK_TIMEOUT_MS, async () => {
    const meanwhile = loadDevice(connection) ?? current;
    if (!isRenewalDue(meanwhile)) return meanwhile;
    const answer = await connection.api.call('devices.renew', {
      params: { id: meanwhile.deviceId },
      body: { csr: await createCsr(createPrivateKey(meanwhile.privateKey), meanwhile.name) },
    });
    const renewed = {
      ...meanwhile,
      certificate: answer.certificate,
      certificateAuthority: answer.certificateAuthority,
    };
    saveDevice(connection, renewed);
    return renewed;
  });
}

/** What no network mends: a person has to let this device in. */
export function devicePending(deviceId: string): CliError {
  return new CliError('this device waits for approval; until then no gateway lets it in', {
    reason: 'access.device_pending',
    next: `Ask an administrator to run zeronaut devices approve ${deviceId}, after comparing zeronaut devices show-key.`,
    exitCode: EXIT.refused,
  });
}

export function deviceRevoked(): CliError {
  return new CliError('this device was revoked; no gateway lets it in', {
    reason: 'access.device_revoked',
    next: 'To enrol this machine anew: zeronaut logout, then zeronaut login, if an administrator agrees.',
    exitCode: EXIT.refused,
  });
}

export type DeviceState = 'approved' | 'pending' | 'revoked';

/** How the console sees a device of ours. Null: it did not say. */
export async function ownDeviceState({ api }: Connection, deviceId: string): Promise<DeviceState | null> {
  try {
    const mine = (await listAll(api, 'me.listDevices')).find(({ id }) => id === deviceId);
    // It lists those that were not revoked.
    if (mine === undefined) return 'revoked';
    return mine.approvedAt === null ? 'pending' : 'approved';
  } catch (error) {
    if (error instanceof CliError) return null;
    throw error;
  }
}

/** As the console shows it: SHA-256 of the SubjectPublicKeyInfo, base64url. */
export function keyFingerprint(value: Device): string {
  const publicKey = createPublicKey(createPrivateKey(value.privateKey));
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
}

/** Forgets the key. The console is told by the caller, if it is to be told. */
export async function forgetDevice(connection: Connection): Promise<void> {
  await withFileLock(`${devicePath()}.lock`, LOCK_TIMEOUT_MS, async () => {
    const devices = loadDevices();
    delete devices[deviceKey(connection)];
    writePrivateFile(devicePath(), { devices });
  });
}

/** True when `error` says that the console does not know the device (any more): enrolling again is the cure. */
export function isDeviceGone(error: unknown): boolean {
  return error instanceof ApiError && ['access.device_unknown', 'api.not_found'].includes(error.reason);
}

export function isRenewalDue(value: Device, nowMs: number = Date.now()): boolean {
  const { lifeMs, leftMs } = validity(value, nowMs);
  return leftMs < lifeMs * (1 - RENEW_AFTER);
}

function validity(value: Device, nowMs: number = Date.now()): { lifeMs: number; leftMs: number } {
  const certificate = new X509Certificate(value.certificate);
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  return { lifeMs: to - from, leftMs: to - nowMs };
}

function saveDevice(connection: Connection, value: Device): void {
  writePrivateFile(devicePath(), { devices: { ...loadDevices(), [deviceKey(connection)]: value } });
}

async function enrol(connection: Connection): Promise<Device> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const name = hostname().slice(0, 120) || 'device';
  const body = { name, csr: await createCsr(privateKey, name) };
  // Whose session is bound to a device already proves that one: it is asked for with each call.
  const proving = loadDeviceKey(connection) === null ? { deviceKey: privateKey } : {};
  const answer = await connection.api.call('devices.enrol', { body }, proving);
  return {
    deviceId: answer.device.id,
    organizationId: answer.device.organizationId,
    userId: answer.device.userId,
    name,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: answer.certificate,
    certificateAuthority: answer.certificateAuthority,
  };
}

/** PKCS #10, PEM, ECDSA with SHA-256. The subject is only a label: the console decides what it certifies. */
async function createCsr(privateKey: KeyObject, name: string): Promise<string> {
  // Loaded here: it costs more than all the rest of a command, and is needed once in a device's life and at renewals.
  await import('reflect-metadata');
  const { Pkcs10CertificateRequestGenerator } = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      name: [{ CN: [name] }],
      keys: {
        privateKey: privateKey.toCryptoKey(algorithm, true, ['sign']),
        publicKey: createPublicKey(privateKey).toCryptoKey(algorithm, true, ['verify']),
      },
      signingAlgorithm: algorithm,
    },
    globalThis.crypto,
  );
  return request.toString('pem');
}
