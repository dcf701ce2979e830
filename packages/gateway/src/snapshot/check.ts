import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import {
  type PublicJwk,
  type Reason,
  type Snapshot,
  snapshotDefaults,
  snapshot as snapshotSchema,
} from '@zeronaut/model';
import { z } from 'zod';
import { parseJsonPieces, type TextRange } from '../json-pieces.ts';
import { PackedListBuilder } from '../packed-list.ts';
import {
  type Packed,
  type PackedElements,
  type PackedLists,
  type PackedName,
  type PackedSnapshot,
  READ,
} from '../packed-snapshot.ts';
import type { ReceivedSnapshot } from '../received-snapshot.ts';
import { inTurns, type Pieces } from '../turns.ts';

/** What a gateway believes of snapshots: the key that was pinned at enrolment, and its own name. */
export interface SnapshotTrust {
  readonly key: KeyObject;
  readonly keyId: string;
  readonly gatewayId: string;
  readonly organizationId: string;
}

export function createSnapshotTrust(snapshotKey: PublicJwk, gatewayId: string, organizationId: string): SnapshotTrust {
  const key = createPublicKey({ key: { ...snapshotKey }, format: 'jwk' });
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('the snapshot key of the console must be Ed25519');
  return { key, keyId: snapshotKey.kid, gatewayId, organizationId };
}

export type SnapshotCheck =
  | { readonly ok: true; readonly snapshot: PackedSnapshot }
  | { readonly ok: false; readonly reason: Reason; readonly detail: string };

const ARRAYS = [
  'gatewayKeys',
  'certificates',
  'users',
  'devices',
  'revokedSessions',
  'personalAccessTokens',
  'passkeys',
  'resources',
  'sites',
  'policies',
  'risks',
  'accessGrants',
] as const satisfies readonly (keyof Snapshot)[];

/** What runs already, of which a new snapshot takes what it has in common with it. */
export interface RunningElements extends PackedLists {
  /** The element that runs already, if it is equal to this one of the new snapshot's `list`; otherwise this one. */
  keep(list: keyof Snapshot, element: unknown): unknown;
}

/**
 * Untrusted bytes to a snapshot, in the order of what is cheapest to refuse safely: signature, JSON, gateway, schema.
 * Nothing inside the payload is looked at before its signature holds. Gives the event loop turns, so that flows go on
 * while a large snapshot is checked. Versions are compared by the store, which knows what runs.
 */
export async function checkSnapshot(
  received: ReceivedSnapshot,
  trust: SnapshotTrust,
  running: RunningElements | null = null,
): Promise<SnapshotCheck> {
  const { payload } = received;
  if (received.keyId !== trust.keyId) {
    return refuse('sync.bad_signature', 'signed with a key that was not pinned at enrolment');
  }
  const signature = Buffer.from(received.signature, 'base64url');
  // One signature has one spelling: base64url would let a few bits of the last character vary.
  const canonical = signature.toString('base64url') === received.signature;
  if (!canonical || !(await verifyEd25519(received.signed, trust.key, signature))) {
    return refuse('sync.bad_signature', 'the signature does not fit the payload');
  }
  const elements = new ElementCheck(payload, running);
  let value: unknown;
  try {
    value = await inTurns(
      parseJsonPieces(payload, {
        known: (list, range) => elements.isRunning(list, range),
        each: (list, element, index, range) => elements.check(list, element, index, range),
      }),
    );
  } catch {
    return refuse('sync.invalid', 'the payload is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('sync.invalid', 'the payload is not an object');
  }
  const fields = value as Record<string, unknown>;
  if (fields.gatewayId !== trust.gatewayId || fields.organizationId !== trust.organizationId) {
    return refuse('sync.wrong_gateway', 'made for another gateway or organization');
  }
  for (const [name, value] of Object.entries(snapshotDefaults())) fields[name] ??= value;
  const problem = validateOutside(fields) ?? elements.problem;
  if (problem !== null) return refuse('sync.invalid', problem);
  const packed = await inTurns(elements.packed());
  for (const [name, list] of Object.entries(packed)) {
    if (list.size !== (fields[name] as unknown[]).length) return refuse('sync.invalid', `${name} is there twice`);
  }
  return { ok: true, snapshot: { ...(fields as Snapshot), ...packed } };
}

const LISTS = new Map(ARRAYS.map((name) => [name as string, snapshotSchema.shape[name] as z.ZodArray]));

/**
 * Validates the elements of the snapshot's lists, each as soon as it was parsed: what was parsed then dies young, and a
 * collection in the middle of it has little to copy. Of the packed lists nothing stays but where their elements are.
 */
class ElementCheck {
  /** What was wrong first. */
  problem: string | null = null;
  readonly #running: RunningElements | null;
  readonly #builders: { readonly [N in PackedName]: PackedListBuilder<PackedElements[N]> };

  constructor(payload: Buffer, running: RunningElements | null) {
    this.#running = running;
    this.#builders = {
      users: new PackedListBuilder(payload, running?.users ?? null, READ.users),
      devices: new PackedListBuilder(payload, running?.devices ?? null, READ.devices),
      policies: new PackedListBuilder(payload, running?.policies ?? null, READ.policies),
    };
  }

  /** It has the text of one that was checked when it came. */
  isRunning(list: string, { from, to }: TextRange): boolean {
    return this.#builder(list)?.addRunning(from, to) === true;
  }

  /** What stays of it in the list. */
  check(list: string, element: unknown, index: number, { from, to }: TextRange): unknown {
    const schema = LISTS.get(list);
    if (schema === undefined || this.problem !== null) return element;
    const one = z.safeParse(schema.element, element);
    if (!one.success) {
      this.problem = describe(one.error, `${list}.${index}`);
      return element;
    }
    const builder = this.#builder(list);
    if (builder === null) return this.#running?.keep(list as keyof Snapshot, one.data) ?? one.data;
    builder.add((one.data as Packed).id, from, to);
    return null;
  }

  *packed(): Pieces<PackedLists> {
    const { users, devices, policies } = this.#builders;
    return { users: yield* users.list(), devices: yield* devices.list(), policies: yield* policies.list() };
  }

  #builder(list: string): PackedListBuilder<never> | null {
    return Object.hasOwn(this.#builders, list)
      ? (this.#builders[list as PackedName] as PackedListBuilder<never>)
      : null;
  }
}

/** All but the elements of its lists: what is wrong, or null. Puts what was validated in their place. */
function validateOutside(fields: Record<string, unknown>): string | null {
  const skeleton: Record<string, unknown> = { ...fields };
  for (const name of LISTS.keys()) if (Array.isArray(fields[name])) skeleton[name] = [];
  const outer = snapshotSchema.safeParse(skeleton);
  if (!outer.success) return describe(outer.error, '');
  for (const [name, schema] of LISTS) {
    const bounds = schema.clone({ ...schema.def, element: z.unknown() }).safeParse(fields[name]);
    if (!bounds.success) return describe(bounds.error, name);
  }
  for (const [name, value] of Object.entries(outer.data)) if (!LISTS.has(name)) fields[name] = value;
  return null;
}

function refuse(reason: Reason, detail: string): SnapshotCheck {
  return { ok: false, reason, detail: detail.slice(0, 500) };
}

function describe(error: z.core.$ZodError, prefix: string): string {
  const issue = error.issues[0]!;
  return `${[prefix, ...issue.path.map(String)].filter((part) => part !== '').join('.')}: ${issue.message}`;
}

function verifyEd25519(data: Buffer, key: KeyObject, signature: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    // In the thread pool: a large payload would hold up the event loop. An error means: not verified.
    verify(null, data, key, signature, (error, valid) => resolve(error === null && valid));
  });
}
