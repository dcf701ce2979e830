/**
 * `node scripts/web-icons.ts`: draws the PNG icons of the web console from `packages/web/public/icon.svg`, for systems that take no SVG. The one that is
 * cut to a shape by the system (maskable) is filled to its edges and keeps a margin, as a tenth of each side may go.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findProgram } from './needs.mjs';

const PUBLIC = fileURLToPath(new URL('../packages/web/public', import.meta.url));
const GROUND = '#2451d6';
const ICONS = [
  { name: 'icon-192.png', size: 192, margin: 0, ground: 'transparent' },
  { name: 'icon-512.png', size: 512, margin: 0, ground: 'transparent' },
  { name: 'icon-maskable-512.png', size: 512, margin: 0.1, ground: GROUND },
  { name: 'apple-touch-icon.png', size: 180, margin: 0, ground: GROUND },
];

const svg = readFileSync(join(PUBLIC, 'icon.svg'), 'utf8');
const browser = await chromium.launch({
  executablePath: findProgram('chromium') ?? 'chromium',
  args: ['--no-sandbox'],
});
try {
  const page = await browser.newPage();
  for (const { name, size, margin, ground } of ICONS) {
    await page.setViewportSize({ width: size, height: size });
    const inner = size * (1 - 2 * margin);
    const style = `body{margin:0;background:${ground}}svg{display:block;width:${inner}px;height:${inner}px;padding:${size * margin}px}`;
    await page.setContent(`<style>${style}</style>${svg}`);
    writeFileSync(join(PUBLIC, name), await page.screenshot({ omitBackground: true }));
  }
} finally {
  await browser.close();
}
