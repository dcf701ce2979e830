import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { currentStatement, SNAPSHOT_CONTEXT } from '@zeronaut/model';
import type { Store } from '../store/store.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  createRoot,
  createSamlKey,
} from './certificate-authority.ts';
import type { Sealer } from './master-key.ts';
import { createOpenidKeys, type OpenidKeys, parseOpenidKeys, rotateOpenidKeys } from './openid-keys.ts';
import { generateSigningKey, loadSigningKey, type SigningKey } from './signing-key.ts';
import { SubjectKeys } from './subject-keys.ts';

/** Everything that the console vouches for, and the keys it does so with. Private keys leave the database only here. */
export interface Authority {
  readonly certificates: CertificateAuthority;
  /** Signs portal sessions and share links. */
  readonly tokenKey: SigningKey;
  /** Signs snapshots, and nothing else. */
  readonly snapshotKey: SigningKey;
  /**
   * For the OpenID provider, made when first asked for: private RSA keys as JWK, since RS256 is what every relying party
   * takes, and what its cookies are signed with.
   */
  openidKeys(): Promise<OpenidKeys>;
  /** Gives those keys their turns, where there are any. */
  rotateOpenidKeys(): Promise<void>;
  /**
   * Signs requests to SAML providers and opens what they encrypt for us; made when first asked for. RSA, since that is what
   * they all know.
   */
  samlKey(): Promise<SamlServiceKey>;
  /** Sign checkpoints of audit logs, and nothing else; made when first asked for. */
  auditKeys(): Promise<AuditKeys>;
  /** P-256: by it push services of browsers know this console (VAPID); made when first asked for. */
  pushKey(): Promise<KeyObject>;
  /** 32 bytes: vouches for the challenges of passkeys, and nothing else. */
  readonly challengeKey: Uint8Array;
  /** 32 bytes: makes names of mail addresses in the table of audit subjects, and nothing else. */
  readonly auditMailKey: Uint8Array;
  /** For secrets that an organization entrusts to the console. The name must say whose it is and what for. */
  readonly sealer: Sealer;
  readonly subjectKeys: SubjectKeys;
  /** Ed25519 over `SNAPSHOT_CONTEXT` + payload, base64url. */
  signSnapshot(payload: string): string;
  /** With the same key over `currentStatement`, base64url. */
  signCurrent(of: Parameters<typeof currentStatement>[0]): string;
}

/** Two signatures, because a proof must hold for longer than the first of them may. */
export interface AuditKeys {
  readonly ed25519: KeyObject;
  /** ML-DSA-65 (FIPS 204). */
  readonly mlDsa: KeyObject;
}

function createAuditKeys(): string {
  const pem = (type: 'ed25519' | 'ml-dsa-65') =>
    generateKeyPairSync(type as 'ed25519')
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
  return JSON.stringify({ ed25519: pem('ed25519'), mlDsa: pem('ml-dsa-65') });
}

function createPushKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export interface SamlServiceKey {
  /** PKCS #8, PEM. */
  readonly privateKey: string;
  /** PEM, self-signed: a container for the key, as SAML wants it. */
  readonly certificate: string;
}

const OPENID_KEYS = 'openid-keys';

/** Loads the keys from the store, or makes them at the very first start. */
export async function loadAuthority(store: Store, sealer: Sealer, clock: () => number): Promise<Authority> {
  async function secret(name: string, create: () => string | Promise<string>): Promise<string> {
    const read = () => store.db.selectFrom('secrets').select('sealed').where('name', '=', name).executeTakeFirst();
    let row = await read();
    if (row === undefined) {
      await store.db
        .insertInto('secrets')
        .values({ name, sealed: sealer.seal(name, await create()), created_at: clock() })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      // Another console on the same database may have been first: what is stored counts.
      row = (await read())!;
    }
    return sealer.open(name, row.sealed);
  }

  async function readOpenidKeys(): Promise<{ keys: OpenidKeys; sealed: string } | null> {
    const row = await store.db
      .selectFrom('secrets')
      .select(['sealed', 'created_at'])
      .where('name', '=', OPENID_KEYS)
      .executeTakeFirst();
    if (row === undefined) return null;
    const keys = parseOpenidKeys(sealer.open(OPENID_KEYS, row.sealed), row.created_at);
    return { keys, sealed: row.sealed };
  }

  const root = JSON.parse(await secret('ca-root', async () => JSON.stringify(await createRoot(clock()))));
  const tokenKey = loadSigningKey(await secret('token-key', generateSigningKey));
  const snapshotKey = loadSigningKey(await secret('snapshot-key', generateSigningKey));
  const challengeKey = await secret('challenge-key', () => randomBytes(32).toString('base64url'));
  const auditMailKey = await secret('audit-mail-key', () => randomBytes(32).toString('base64url'));
  let auditKeys: Promise<AuditKeys> | undefined;
  let samlKey: Promise<SamlServiceKey> | undefined;
  let pushKey: Promise<KeyObject> | undefined;
  return {
    certificates: await createCertificateAuthority(root, clock),
    tokenKey,
    snapshotKey,
    challengeKey: Buffer.from(challengeKey, 'base64url'),
    auditMailKey: Buffer.from(auditMailKey, 'base64url'),
    auditKeys: () => {
      auditKeys ??= secret('audit-keys', createAuditKeys).then((text) => {
        const { ed25519, mlDsa } = JSON.parse(text) as Record<keyof AuditKeys, string>;
        return { ed25519: createPrivateKey(ed25519), mlDsa: createPrivateKey(mlDsa) };
      });
      return auditKeys;
    },
    samlKey: () => {
      samlKey ??= secret('saml-key', async () => JSON.stringify(await createSamlKey(clock()))).then(JSON.parse);
      return samlKey as Promise<SamlServiceKey>;
    },
    pushKey: () => {
      pushKey ??= secret('push-key', createPushKey).then((text) => createPrivateKey(text));
      return pushKey;
    },
    async openidKeys() {
      await secret(OPENID_KEYS, async () => JSON.stringify(await createOpenidKeys(clock())));
      return (await readOpenidKeys())!.keys;
    },
    async rotateOpenidKeys() {
      const kept = await readOpenidKeys();
      const next = kept === null ? null : await rotateOpenidKeys(kept.keys, clock());
      if (kept === null || next === null) return;
      // Of several consoles that come to it at once, the first.
      await store.db
        .updateTable('secrets')
        .set({ sealed: sealer.seal(OPENID_KEYS, JSON.stringify(next)) })
        .where('name', '=', OPENID_KEYS)
        .where('sealed', '=', kept.sealed)
        .execute();
    },
    sealer,
    subjectKeys: new SubjectKeys(sealer),
    signCurrent: (of) => sign(null, Buffer.from(currentStatement(of)), snapshotKey.privateKey).toString('base64url'),
    signSnapshot: (payload) =>
      sign(null, Buffer.from(SNAPSHOT_CONTEXT + payload), snapshotKey.privateKey).toString('base64url'),
  };
}
