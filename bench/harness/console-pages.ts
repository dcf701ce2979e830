import type { Request } from 'playwright-core';
import { openBrowser } from '../../e2e/harness/browser.ts';
import { openWebConsole, type WebConsole } from '../../e2e/harness/web-console.ts';
import type { Seeded } from './console-seed.ts';
import type { Stage } from './stage.ts';

export interface PageLoad {
  /** From the start of the navigation until there is a heading and nothing is a skeleton any more. */
  readonly contentMs: number;
  /** The call of the API that took longest, from its sending in the browser to the end of its answer. */
  readonly slowest: { readonly path: string; readonly tookMs: number };
}

export async function openConsoleBrowser(stage: Stage, port: number, { account }: Seeded): Promise<WebConsole> {
  const { context } = await openBrowser(stage as never);
  return await openWebConsole(context, { consoleUrl: `http://127.0.0.1:${port}` }, account);
}

/** Opens an address as one that is typed. Fails when the API refuses something that the page asks. */
export async function loadPage(browser: WebConsole, path: string): Promise<PageLoad> {
  let slowest = { path: '', tookMs: 0 };
  const failed: string[] = [];
  const onFinished = async (request: Request) => {
    const [, called] = /\/api\/v1\/(.*)$/.exec(request.url()) ?? [];
    if (called === undefined) return;
    const response = await request.response();
    if (response !== null && response.status() >= 400) failed.push(`${response.status()} ${called}`);
    const { requestStart, responseEnd } = request.timing();
    if (responseEnd - requestStart > slowest.tookMs) slowest = { path: called, tookMs: responseEnd - requestStart };
  };
  browser.page.on('requestfinished', onFinished);
  try {
    const contentMs = await browser.load(path);
    if (failed.length > 0) throw new Error(`${path}: ${failed.join(', ')}`);
    return { contentMs, slowest };
  } finally {
    browser.page.off('requestfinished', onFinished);
  }
}

/** An address of each page, with something in it. */
export function addresses({ gatewayIds, serviceIds, userIds, deviceIds }: Seeded): readonly string[] {
  return [
    '/',
    '/first-steps',
    '/resources',
    '/resources?q=service-4321&sort=-name',
    '/resources/new',
    `/resources/${serviceIds[42]}`,
    `/resources/${serviceIds[42]}/edit`,
    '/gateways',
    `/gateways/${gatewayIds[42]}`,
    '/sites',
    '/devices',
    `/devices/${deviceIds[42]}`,
    '/users',
    '/users?q=user-12345',
    `/users/${userIds[42]}`,
    '/users/groups',
    '/users/invitations',
    '/users/roles',
    '/service-accounts',
    '/service-accounts/api-keys',
    '/service-accounts/personal-access-tokens',
    '/access-requests',
    '/access-requests/approval-rules',
    '/policies',
    '/policies/new',
    '/policies/templates',
    '/policies/simulator',
    '/policies/reported',
    '/policies/unused',
    '/policies/assertions',
    '/security',
    '/security?effect=deny',
    '/security?q=page%2F321',
    '/security/refusals',
    '/audit',
    '/audit/verify',
    '/my-access',
    '/my-access/sign-in',
    '/my-access/personal-access-tokens',
    '/settings',
    '/settings/sign-in',
    '/settings/devices',
    '/settings/retention',
    '/settings/audit-exports',
    '/settings/identity-providers',
  ];
}
