import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2s } from './blake2s.ts';
import { counterNonce, hchacha20, open, openX, seal, sealX } from './chacha20-poly1305.ts';
import { ArrivingInitiation, createInitiation, Transcript } from './handshake.ts';
import { tai64n } from './tai64n.ts';
import { dh, importDhKeyPair } from './x25519.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const NONE = new Uint8Array(0);

/** Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s of the cacophony test vectors, which the Noise implementations share. */
const VECTOR = {
  prologue: '4a6f686e2047616c74',
  psk: '54686973206973206d7920417573747269616e20706572737065637469766521',
  initiator: {
    static: 'e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1',
    ephemeral: '893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a',
  },
  responder: {
    static: '4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893',
    ephemeral: 'bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b',
  },
  hash: 'f5191b875290abcd41347ac3622d9679688a7e980229cb937ef748336cfde0e5',
  messages: [
    [
      '4c756477696720766f6e204d69736573',
      'ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944001e21de9f98ddd8e2ad57527207feb5' +
        '6253c9c94a9e496782ecfcb2a75fbcaf1b52948cc48daefe660c62119ab5000980c84831215f2441eba616548e832985' +
        '464cf17e51ee93109008399a21f7e13f',
    ],
    [
      '4d757272617920526f746862617264',
      '95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843cb765f2caef0751b8f007572dab03222' +
        '17755c0632f365717edbf34d33e87a',
    ],
    ['462e20412e20486179656b', '8153ca9833bc3c1b91a7e66e5f4d4f5b59bf9e64c2f20d15f0bba7'],
    ['4361726c204d656e676572', '07af0c9c86e1b4e80f36b04ff7688d51141af3debd0332f0a705ef'],
    ['4a65616e2d426170746973746520536179', '6ab1467c0448cc78394494abaaf23afce0e234315d6e2624dcbfa8a21c1c4d073d'],
    [
      '457567656e2042f6686d20766f6e2042617765726b',
      'dfc346c0d2296ae6cf1acf6f12b8456a1dba228cf8d8b774aacf1c47fc53aa80ebc7a4c292',
    ],
  ],
} as const;

function start(): Transcript {
  const chain = new Uint8Array(32);
  blake2s(chain, Buffer.from('Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s'));
  return new Transcript(chain, chain);
}

test('the transcript gives the bytes of the Noise vector, message by message', () => {
  const [is, ie] = [VECTOR.initiator.static, VECTOR.initiator.ephemeral].map((key) => importDhKeyPair(hex(key)));
  const [rs, re] = [VECTOR.responder.static, VECTOR.responder.ephemeral].map((key) => importDhKeyPair(hex(key)));
  const transcript = start();
  const sealed = (plaintext: Uint8Array) => {
    const out = new Uint8Array(plaintext.length + 16);
    transcript.seal(out, 0, plaintext);
    return out;
  };
  transcript.mixHash(hex(VECTOR.prologue));
  transcript.mixHash(rs!.publicKey);
  transcript.mixEphemeral(ie!.publicKey);
  transcript.mixSecret(dh(ie!.privateKey, rs!.publicKey)!);
  const first = [ie!.publicKey, sealed(is!.publicKey)];
  transcript.mixSecret(dh(is!.privateKey, rs!.publicKey)!);
  first.push(sealed(hex(VECTOR.messages[0][0])));
  assert.equal(text(Buffer.concat(first)), VECTOR.messages[0][1]);

  transcript.mixEphemeral(re!.publicKey);
  transcript.mixSecret(dh(re!.privateKey, ie!.publicKey)!);
  transcript.mixSecret(dh(re!.privateKey, is!.publicKey)!);
  transcript.mixPresharedKey(hex(VECTOR.psk));
  const second = Buffer.concat([re!.publicKey, sealed(hex(VECTOR.messages[1][0]))]);
  assert.equal(text(second), VECTOR.messages[1][1]);
  assert.equal(text(transcript.hash), VECTOR.hash);

  const keys = transcript.split();
  for (const [index, [plaintext, ciphertext]] of VECTOR.messages.slice(2).entries()) {
    const [key, nonce] = [keys[index % 2]!, counterNonce(Math.floor(index / 2))];
    const out = new Uint8Array(plaintext.length / 2 + 16);
    seal(out, 0, key, nonce, hex(plaintext), NONE);
    assert.equal(text(out), ciphertext);
    assert.equal(text(open(key, nonce, out, NONE)!), plaintext);
  }
});

test('a handshake begins with the hashes that every WireGuard begins with', () => {
  const chain = new Uint8Array(32);
  blake2s(chain, Buffer.from('Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s'));
  const hash = new Uint8Array(32);
  blake2s(hash, chain, Buffer.from('WireGuard v1 zx2c4 Jason@zx2c4.com'));
  assert.equal(text(chain), '60e26daef327efc02ec335e2a025d2d016eb4206f87277f52d38d1988b78cd36');
  assert.equal(text(hash), '2211b361081ac566691243db458ad5322d9c6c662293e8b70ee19c65ba079ef3');
});

test('with the same keys the two messages are the same, and both sides have the same session keys', () => {
  const [initiator, responder] = [VECTOR.initiator, VECTOR.responder].map((keys) => ({
    own: importDhKeyPair(hex(keys.static)),
    ephemeral: importDhKeyPair(hex(keys.ephemeral)),
  })) as [
    { own: ReturnType<typeof importDhKeyPair>; ephemeral: ReturnType<typeof importDhKeyPair> },
    { own: ReturnType<typeof importDhKeyPair>; ephemeral: ReturnType<typeof importDhKeyPair> },
  ];
  const towards = (from: typeof initiator, to: typeof initiator) => ({
    publicKey: to.own.publicKey,
    staticSecret: dh(from.own.privateKey, to.own.publicKey)!,
  });
  const psk = hex(VECTOR.psk);
  const messages = [0, 1].map(() => {
    const label = tai64n(1_700_000_000_000);
    const remote = towards(initiator, responder);
    const { message, pending } = createInitiation(initiator.own, remote, 7, label, initiator.ephemeral)!;
    const arriving = ArrivingInitiation.open(responder.own, message)!;
    assert.equal(text(arriving.remotePublicKey), text(initiator.own.publicKey));
    assert.equal(text(arriving.openTimestamp(towards(responder, initiator))!), text(label));
    const answer = arriving.respond(9, psk, responder.ephemeral)!;
    const finished = pending.finish(initiator.own, psk, answer.message)!;
    assert.deepEqual([finished.sendKey, finished.receiveKey].map(text), [answer.receiveKey, answer.sendKey].map(text));
    assert.equal(finished.remoteIndex, 9);
    assert.equal(
      pending.finish(initiator.own, new Uint8Array(32), answer.message),
      undefined,
      'another pre-shared key',
    );
    return [text(message), text(answer.message)];
  });
  assert.deepEqual(messages[0], messages[1]);
});

test('X25519 gives the answer of RFC 7748, 5.2, and none for a key of low order', () => {
  const scalar = importDhKeyPair(hex('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4'));
  assert.equal(
    text(dh(scalar.privateKey, hex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c'))!),
    'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
  );
  const { privateKey } = importDhKeyPair(hex(VECTOR.initiator.static));
  for (const low of [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  ]) {
    assert.equal(dh(privateKey, hex(low)), undefined);
  }
});

test('cookies are sealed as draft-irtf-cfrg-xchacha-03, 2.2.1 and A.3.1, says', () => {
  const key = Uint8Array.from({ length: 32 }, (_, index) => index);
  assert.equal(
    text(hchacha20(key, hex('000000090000004a0000000031415927'))),
    '82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc',
  );
  const sunscreen = Buffer.from(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );
  const [longKey, nonce] = [
    Uint8Array.from({ length: 32 }, (_, index) => 0x80 + index),
    Uint8Array.from({ length: 24 }, (_, index) => 0x40 + index),
  ];
  const associated = hex('50515253c0c1c2c3c4c5c6c7');
  const out = new Uint8Array(sunscreen.length + 16);
  sealX(out, 0, longKey, nonce, sunscreen, associated);
  assert.equal(
    text(out),
    'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39' +
      'ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9' +
      '21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49',
  );
  assert.deepEqual(Buffer.from(openX(longKey, nonce, out, associated)!), sunscreen);
  out[3]! ^= 1;
  assert.equal(openX(longKey, nonce, out, associated), undefined);
});
