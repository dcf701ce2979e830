import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generate } from 'lean-qr';
import { qrCode } from './qr-code.ts';

test('the drawing is the code, module by module, with a quiet zone', () => {
  const text = 'otpauth://totp/Zeronaut:ann%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=Zeronaut';
  const svg = qrCode(text, 'a "code"').text;
  const code = generate(text);
  const drawn = new Set([...svg.matchAll(/M(\d+) (\d+)h1v1h-1z/g)].map(([, x, y]) => `${x} ${y}`));
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) assert.equal(drawn.has(`${x} ${y}`), code.get(x, y), `${x} ${y}`);
  }
  assert.match(svg, new RegExp(`viewBox="-4 -4 ${code.size + 8} ${code.size + 8}"`));
  assert.match(svg, /aria-label="a &quot;code&quot;"/);
});
