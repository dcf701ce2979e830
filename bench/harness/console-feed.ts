import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { AccessEvent } from '@zeronaut/model';
import { Api } from '../../e2e/harness/api.ts';
import type { WebConsole } from '../../e2e/harness/web-console.ts';
import { testEvent } from '../../packages/console/src/testing/access-event.suite.ts';
import { gatewayEnrolment } from '../../packages/console/src/testing/fixture.suite.ts';
import { connectSync, type SyncClient } from '../../packages/console/src/testing/sync-client.suite.ts';
import type { Seeded } from './console-seed.ts';
import { percentile } from './results.ts';

export interface FeedLoad {
  /** The longest task of the page; 0: none took 50 ms. */
  readonly longestTaskMs: number;
  readonly longTasks: number;
  /** 99th percentile of the time between two frames. */
  readonly frameP99Ms: number;
  readonly longestFrameMs: number;
  /** From the last event that was sent until it was shown. */
  readonly shownAfterMs: number;
}

/** As a gateway sends them: it gathers for a moment, and has some batches on their way that are not acknowledged. */
const SEND_EVERY_MS = 50;
const WINDOW_BATCHES = 4;

/** In words of the browser. Long tasks are those of 50 ms and more: there is no shorter one in its list. */
const WATCH_FRAMES = `(() => {
  const watched = globalThis.watchedFrames = { tasks: [], frames: [], last: performance.now() };
  new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) watched.tasks.push(duration); })
    .observe({ type: 'longtask' });
  const frame = (now) => {
    watched.frames.push(now - watched.last);
    watched.last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame((now) => { watched.last = now; requestAnimationFrame(frame); });
})()`;

/** A gateway that is connected and sends what it is told to. */
export async function connectGateway(
  port: number,
  syncPort: number,
  { key }: Seeded,
): Promise<{ gatewayId: string; link: SyncClient }> {
  const api = new Api(`http://127.0.0.1:${port}`, key);
  const { token } = await api.call('gateways.createEnrolment', { body: {} });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const enrolled = await new Api(`http://127.0.0.1:${port}`).call('gateways.enrol', {
    body: { ...(await gatewayEnrolment(token, privateKey)), name: `feed-${Date.now()}` } as never,
  });
  const link = await connectSync(syncPort, {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    certificate: enrolled.certificate,
    certificateAuthority: enrolled.certificateAuthority,
  });
  link.send({ type: 'hello', protocol: 1, softwareVersion: '0.1.0', snapshotVersion: 0 });
  return { gatewayId: enrolled.gateway.id, link };
}

/** The feed of accesses is looked at while so many events a second happen. */
export async function measureFeed(
  { page, open }: WebConsole,
  { gatewayId, link }: { readonly gatewayId: string; readonly link: SyncClient },
  seeded: Seeded,
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<FeedLoad> {
  const eventOf = (seq: number, path: string): AccessEvent =>
    testEvent({
      ...{ gatewayId, epoch: 'epoch-feed', seq, at: new Date().toISOString(), path, durationMs: seq % 90 },
      resourceId: seeded.serviceIds[(seq * 7_919) % seeded.serviceIds.length]!,
      subject: seeded.userIds[(seq * 104_729) % seeded.userIds.length]!,
      ...(seq % 20 === 0 && { effect: 'deny' as const, reason: 'access.not_allowed' as const, status: 403 }),
    });
  await open('/security');
  await page.waitForSelector('main >> role=row');
  link.send({ type: 'events', events: [eventOf(1, '/first-of-feed')] });
  await page.waitForSelector('text=first-of-feed');
  await page.evaluate(WATCH_FRAMES);

  const total = rate * seconds + 1;
  const startedAt = performance.now();
  const acknowledged = () => link.received.filter(({ type }) => type === 'events_stored').length;
  let batches = 1;
  for (let sent = 1; sent < total; ) {
    await delay(SEND_EVERY_MS);
    if (batches - acknowledged() >= WINDOW_BATCHES) continue;
    const due = Math.min(total, 1 + Math.floor(((performance.now() - startedAt) / 1000) * rate));
    const events = Array.from({ length: due - sent }, (_, index) => {
      const seq = sent + index + 1;
      return eventOf(seq, seq === total ? '/last-of-feed' : `/feed/${seq}`);
    });
    if (events.length > 0) {
      link.send({ type: 'events', events });
      batches++;
    }
    sent = due;
  }
  const lastSentAt = performance.now();
  await page.waitForSelector('text=last-of-feed');
  const shownAfterMs = performance.now() - lastSentAt;
  const { tasks, frames } = await page.evaluate<{ tasks: number[]; frames: number[] }>('globalThis.watchedFrames');
  return {
    longestTaskMs: Math.max(0, ...tasks),
    longTasks: tasks.length,
    frameP99Ms: percentile(frames, 0.99),
    longestFrameMs: Math.max(...frames),
    shownAfterMs,
  };
}
