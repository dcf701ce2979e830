import type { TestContext } from 'node:test';
import { type BrowserContext, type BrowserContextOptions, type CDPSession, chromium, type Page } from 'playwright-core';
import { findProgram } from '../../scripts/needs.mjs';
import type { Owner } from './world.ts';

/** A page of a fresh profile of Debian's Chromium, with an authenticator that always says yes. */
export interface BrowserPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** The DevTools domain WebAuthn, and the id of the authenticator in it. */
  readonly cdp: CDPSession;
  readonly authenticatorId: string;
}

export async function openBrowser(
  owner: Owner | TestContext,
  options: Pick<BrowserContextOptions, 'serviceWorkers'> = {},
): Promise<BrowserPage> {
  const browser = await chromium.launch({
    executablePath: findProgram('chromium') ?? 'chromium',
    args: ['--no-sandbox', '--ignore-certificate-errors', '--disable-gpu'],
  });
  owner.after(() => browser.close());
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  return { page, context, ...(await addAuthenticator(page)) };
}

/** Of one page alone: another of the same browser has none. */
export async function addAuthenticator(page: Page): Promise<Pick<BrowserPage, 'cdp' | 'authenticatorId'>> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { cdp, authenticatorId };
}
