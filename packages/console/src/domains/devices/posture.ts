/**
 * What devices say of themselves: a JWS by the device's key, dated, kept whole so that it can be shown later who said
 * what. The signature proves which device speaks, not that it speaks the truth.
 */
import { canonicalJson } from '@zeronaut/audit';
import { POSTURE_TYPE, postureClaims } from '@zeronaut/model';
import { errors } from 'jose';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { claimsIn, keyIn, MAX_SKEW_MS } from './device-jws.ts';
import { findActiveDevice } from './devices.ts';

/** Only of the caller's own device, by its own key, and younger than the report before. */
export async function reportPosture(
  context: Context,
  caller: Caller,
  id: string,
  report: string,
): Promise<undefined | Refusal> {
  const device = await findActiveDevice(context.store.db, caller.organizationId, id);
  if (device instanceof Refusal || device.id !== id) return new Refusal('api.not_found');
  if (device.userId !== caller.userId) return new Refusal('api.forbidden', { detail: 'the device of another user' });
  const claims = await verify(report, device.keyFingerprint);
  if (claims instanceof Refusal) return claims;
  if (claims.deviceId !== id) return new Refusal('posture.invalid', { detail: 'it is of another device' });
  const nowMs = context.clock();
  const collectedAtMs = Date.parse(claims.collectedAt);
  if (Math.abs(nowMs - collectedAtMs) > MAX_SKEW_MS) return new Refusal('posture.date');
  const facts = canonicalJson(claims.facts);
  const { db } = context.store;
  const before = await db.selectFrom('device_postures').select('facts').where('device_id', '=', id).executeTakeFirst();
  const values = { facts, collected_at: collectedAtMs, received_at: nowMs, report };
  const save = async (queries: typeof db): Promise<undefined | Refusal> => {
    const saved = await queries
      .insertInto('device_postures')
      .values({ device_id: id, organization_id: caller.organizationId, ...values })
      .onConflict((conflict) =>
        conflict.column('device_id').doUpdateSet(values).where('device_postures.collected_at', '<', collectedAtMs),
      )
      .returning('device_id')
      .executeTakeFirst();
    return saved === undefined ? new Refusal('posture.date', { detail: 'a younger report is known' }) : undefined;
  };
  // Gateways are told when the facts differ; the date alone goes along with the next change.
  return before?.facts === facts
    ? await context.store.transaction(save)
    : await context.store.change(caller.organizationId, save);
}

async function verify(report: string, fingerprint: string) {
  try {
    const brought = keyIn(report, POSTURE_TYPE);
    if (brought === null) return new Refusal('posture.invalid', { detail: 'no posture report' });
    // Before the signature: a key of one's own proves nothing.
    if (brought.fingerprint !== fingerprint) return new Refusal('posture.signature');
    const claims = postureClaims.safeParse(await claimsIn(report, brought.key));
    return claims.success ? claims.data : new Refusal('posture.invalid', { detail: claims.error.issues[0]!.message });
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return new Refusal('posture.signature');
    // Whatever else goes wrong with bytes from outside: no JSON, no key, another algorithm.
    return new Refusal('posture.invalid');
  }
}
