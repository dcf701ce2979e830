import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createId, currentStatement } from '@zeronaut/model';
import { createLog } from '../observe/log.ts';
import { createSnapshotSigner } from '../snapshot/testdata/signed-snapshots.ts';
import { LeaseRenewal } from './lease-renewal.ts';

const signer = createSnapshotSigner();
const { gatewayId, organizationId, trust } = signer;

function world() {
  const clock = { wallMs: 1_000_000, monotonicMs: 0 };
  const renewed: [version: number, wallMs: number][] = [];
  const nonces: string[] = [];
  type Answer = { version: number; keyId: string; signature: string };
  const link = {
    up: true,
    answer: (_nonce: string): Answer | null => null,
    confirmSnapshot: async (nonce: string) => {
      nonces.push(nonce);
      return link.answer(nonce);
    },
  };
  const lease = {
    maxAgeSeconds: 600 as number | null,
    expired: false,
    moment: () => ({ ...clock }),
    renew: (version: number, { wallMs }: { wallMs: number }) => void renewed.push([version, wallMs]),
  };
  const renewal = new LeaseRenewal({ trust, link, lease, log: createLog({ level: 'silent' }) });
  return { clock, renewed, nonces, link, lease, renewal };
}

function sign(text: string, context = '') {
  const { keyId, signature } = signer.signText(text, context);
  return { keyId, signature };
}

test('what the console signed over this question renews, from when it was asked', async () => {
  const { clock, renewed, link, renewal } = world();
  link.answer = (nonce) => {
    clock.wallMs += 5_000;
    return signer.confirm(7, 1, nonce);
  };
  await renewal.ask();
  assert.deepEqual(renewed, [[7, 1_000_000]]);
});

test('what it did not sign for this very question renews nothing', async () => {
  const { renewed, nonces, link, renewal } = world();
  link.answer = (nonce) => signer.confirm(7, 1, nonce);
  await renewal.ask();
  const [earlier] = nonces as [string];
  renewed.length = 0;

  const is = { gatewayId, organizationId, version: 7 };
  const stranger = createSnapshotSigner();
  const lies: [name: string, answer: (nonce: string) => ReturnType<typeof link.answer>][] = [
    ['the answer to the question before', () => signer.confirm(7, 1, earlier)],
    ['of another version', (nonce) => ({ ...signer.confirm(6, 1, nonce), version: 7 })],
    [
      'for another gateway',
      (nonce) => ({ version: 7, ...sign(currentStatement({ ...is, nonce, gatewayId: createId('gateway') })) }),
    ],
    [
      'for another organization',
      (nonce) => ({
        version: 7,
        ...sign(currentStatement({ ...is, nonce, organizationId: createId('organization') })),
      }),
    ],
    ['signed by somebody else', (nonce) => ({ ...stranger.confirm(7, 1, nonce), keyId: trust.keyId })],
    ['with a key of another name', (nonce) => ({ ...signer.confirm(7, 1, nonce), keyId: 'console-2' })],
    ['signed as a snapshot', (nonce) => ({ version: 7, ...signer.signText(JSON.stringify({ ...is, nonce })) })],
    ['a signature that is none', () => ({ version: 7, keyId: trust.keyId, signature: 'A'.repeat(86) })],
    ['no base64url', () => ({ version: 7, keyId: trust.keyId, signature: '!'.repeat(86) })],
    ['nothing', () => null],
  ];
  for (const [name, answer] of lies) {
    link.answer = answer;
    await renewal.ask();
    assert.deepEqual(renewed, [], name);
  }
  assert.equal(new Set(nonces).size, nonces.length, 'each question is another one');
});

test('it asks as often as the bound needs, only with a bound and a link, and soon while everything is refused', async () => {
  const { clock, nonces, link, lease, renewal } = world();
  const after = async (ms: number) => {
    clock.monotonicMs += ms;
    const before = nonces.length;
    renewal.check();
    await new Promise((resolve) => setImmediate(resolve));
    return nonces.length - before;
  };
  assert.equal(await after(0), 1);
  assert.equal(await after(14_000), 0);
  assert.equal(await after(1_000), 1);
  lease.maxAgeSeconds = 300;
  assert.equal(await after(15_000), 1);
  link.up = false;
  assert.equal(await after(60_000), 0);
  link.up = true;
  lease.expired = true;
  assert.equal(await after(1_000), 1);
  assert.equal(await after(1_000), 1);
  lease.maxAgeSeconds = null;
  assert.equal(await after(60_000), 0);
});
