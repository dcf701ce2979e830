import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

/** Read by hand: a script element would be held against the policy of the page, which is what is tested. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const ALL_RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const CONTRAST = { type: 'rule', values: ['color-contrast'] };

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** Fails with what axe calls serious or worse in what is shown now. `contrast`: only in its colours, all that another theme can change. */
export async function checkAccessible(page: Page, what: string, of: 'all' | 'contrast' = 'all'): Promise<void> {
  await page.evaluate(AXE);
  const { violations } = (await page.evaluate(
    `axe.run(document, { preload: false, resultTypes: ['violations'], runOnly: ${JSON.stringify(of === 'all' ? ALL_RULES : CONTRAST)} })`,
  )) as AxeResult;
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(
    serious.map(
      ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`).join(' | ')}`,
    ),
    [],
    what,
  );
}
