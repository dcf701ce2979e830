/**
 * How long one access decision takes on a gateway: asked before, asked for the first time, and what the Cedar library
 * takes for the first time. Prints one JSON document, in ms. Arguments: users, resources, policies, decisions.
 */
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { ACTION_ENTITIES, anonymousFacts, contextOf, objectEntity, userEntity } from '@zeronaut/policy';
import { type AccessAttempt, decide } from '../../packages/gateway/src/access/decide.ts';
import { createSnapshotSigner } from '../../packages/gateway/src/snapshot/testdata/signed-snapshots.ts';
import { compileTables } from '../../packages/gateway/src/tables.ts';
import { toCedarContext, toCedarEntities } from '../../packages/policy/src/cedar/random-cedar.suite.ts';
import { createAccessWorld } from './access-world.ts';

const [users, resources, policies, decisions] = process.argv.slice(2).map(Number) as [number, number, number, number];
const signer = createSnapshotSigner();
const world = createAccessWorld(signer.organizationId, { users, devices: 0, resources, policies });
const tables = compileTables(signer.snapshot(1, world.content));
const nowMs = Date.now();

/** Each user and each resource comes up, in an order that repeats no pair. */
const attempts: AccessAttempt[] = Array.from({ length: decisions }, (_, index) => {
  const user = tables.users.get(world.content.users[(index * 7919) % users]!.id)!;
  const object = tables.snapshot.resources[(index * 104_729 + Math.floor(index / users)) % resources]!;
  return {
    object,
    action: index % 4 === 0 ? 'write' : 'read',
    facts: { ...anonymousFacts(signer.organizationId, '192.0.2.7'), user, sessionState: 'valid' },
    nowMs,
    session: { factors: ['password', 'totp'], atMs: nowMs - 600_000 },
    http: { method: index % 4 === 0 ? 'POST' : 'GET', host: object.hosts[0]!, path: '/' },
  };
});

/** Times of each, ms, and how many were let in: a benchmark that only refuses measures something else. */
function measure(ask: (attempt: AccessAttempt) => boolean, among = attempts): { tookMs: number[]; passed: number } {
  const tookMs: number[] = new Array(among.length);
  let passed = 0;
  for (let i = 0; i < among.length; i++) {
    const startedAt = performance.now();
    if (ask(among[i]!)) passed++;
    tookMs[i] = performance.now() - startedAt;
  }
  return { tookMs, passed };
}

const ours = (attempt: AccessAttempt) => decide(tables, attempt).verdict.effect === 'pass';
const fresh = measure(ours);
const cached = measure(ours);
const loaded = cedar.preparsePolicySet('all', { staticPolicies: world.texts });
if (loaded.type !== 'success') throw new Error(JSON.stringify(loaded.errors));
const peerAttempts = attempts.slice(0, Math.min(attempts.length, 300));
const peer = measure((attempt) => {
  const principal = userEntity(attempt.facts.user!);
  const action = ACTION_ENTITIES[attempt.action];
  const resource = objectEntity(attempt.object);
  const answer = cedar.statefulIsAuthorized({
    principal: { type: principal.ref.type, id: principal.ref.id },
    action: { type: action.ref.type, id: action.ref.id },
    resource: { type: resource.ref.type, id: resource.ref.id },
    context: toCedarContext(
      contextOf({
        address: attempt.facts.address,
        nowMs,
        timeZone: 'UTC',
        risk: 0,
        factors: attempt.session!.factors,
        factorsAtMs: attempt.session!.atMs,
        by: 'session',
        granted: false,
        device: null,
        http: attempt.http!,
        destination: null,
        gateway: null,
      }),
    ),
    preparsedPolicySetId: 'all',
    entities: toCedarEntities({ principal, action, resource, others: [] }),
  });
  if (answer.type !== 'success') throw new Error(JSON.stringify(answer));
  return answer.response.decision === 'allow';
}, peerAttempts);
const agreed = measure(ours, peerAttempts);
if (agreed.passed !== peer.passed || fresh.passed !== cached.passed || fresh.passed === 0) {
  throw new Error(`decisions differ: ${JSON.stringify([agreed.passed, peer.passed, fresh.passed, cached.passed])}`);
}
process.stdout.write(
  JSON.stringify({ fresh: fresh.tookMs, cached: cached.tookMs, peer: peer.tookMs, passed: fresh.passed }),
);
