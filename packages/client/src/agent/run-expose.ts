import type { ServiceView } from '@zeronaut/model';
import { ApiError } from '../api/api-error.ts';
import { type ApiClient, listAll } from '../api/client.ts';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { aborted, onInterrupt } from '../interrupt.ts';
import { accessLine } from '../output/access-line.ts';
import { printExposed } from '../output/exposed.ts';
import { LinkReport } from '../output/link-report.ts';
import type { Output } from '../output/output.ts';
import { stoppedText } from '../output/stopped.ts';
import { saveCertificateAuthority } from '../profile/certificate-authority.ts';
import { type Connection, chooseConnection } from '../profile/connection.ts';
import { type Device, ensureDevice, forgetDevice, isDeviceGone } from '../profile/device.ts';
import { AgentState } from '../profile/state.ts';
import { Agent } from './agent.ts';
import { dialTargetOf, publishService } from './publish.ts';
import { Served } from './served.ts';
import type { ExposeWish } from './wish.ts';

export interface ExposeRun {
  readonly wish: ExposeWish;
  readonly output: Output;
  readonly profile: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** Null: no link. */
  readonly shareSeconds: number | null;
  readonly forgetAtEnd: boolean;
}

/** When no gateway has taken the service by then, a person is told why nothing happens. */
const SLOW_AFTER_MS = 3_000;
const REPUBLISH_INTERVAL_MS = 5_000;

/**
 * `zeronaut expose`: publishes one service, keeps tunnels to all gateways, shows requests, until it is interrupted or
 * the service is stopped elsewhere. The tunnels are dialled while the console is still being asked.
 */
export async function runExpose(run: ExposeRun): Promise<void> {
  if (run.shareSeconds !== null && run.wish.protocol !== 'http') {
    throw usageError(
      '--share is for http: a raw port cannot ask for the link',
      'Use --allow-ip, or let guests authorise their address on the portal.',
    );
  }
  const connection = chooseConnection({ profile: run.profile, environment: run.environment });
  const interrupt = onInterrupt();
  let exposure = new Exposure(run, connection, await ensureDevice(connection));
  try {
    const published = exposure.publish().catch(async (error: unknown) => {
      if (!isDeviceGone(error)) throw error;
      // The console has forgotten this device (its data may be new): become a new one.
      exposure.stop();
      await forgetDevice(connection);
      exposure = new Exposure(run, connection, await ensureDevice(connection));
      await exposure.publish();
    });
    await Promise.race([published, aborted(interrupt.signal)]);
    await Promise.race([aborted(interrupt.signal), exposure.failed]);
    await exposure.leave();
  } finally {
    exposure.stop();
    interrupt.dispose();
  }
}

class Exposure {
  /** Rejects when going on makes no sense: the service was stopped elsewhere, or the console refuses it. */
  readonly failed: Promise<never>;
  readonly #fail: (error: unknown) => void;
  readonly #run: ExposeRun;
  readonly #connection: Connection;
  readonly #device: Device;
  readonly #state: AgentState;
  readonly #agent: Agent;
  readonly #report: LinkReport;
  #service: ServiceView | null = null;
  #shareUrls: readonly string[] = [];
  /** A gateway has taken it. */
  #bound = false;
  #announced = false;
  /** Somebody stopped it at the console, and its person was told. */
  #stopped = false;
  /** E-mail addresses by user id, as far as we may know them. */
  #people: ReadonlyMap<string, string> = new Map();
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(run: ExposeRun, connection: Connection, device: Device) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.#fail = reject;
    // It may come when nobody waits any more.
    promise.catch(() => undefined);
    this.#run = run;
    this.#connection = connection;
    this.#device = device;
    this.#state = new AgentState(connection);
    this.#report = new LinkReport(run.output);
    this.#agent = new Agent({
      connection,
      device,
      state: this.#state,
      onUp: (link) => this.#report.onUp(link.endpoint.name),
      onDown: (name, fault, nextTryMs) => this.#report.onDown(name, fault, nextTryMs),
      onConsoleTrouble: (error) => this.#report.onConsoleTrouble(error),
      onConsoleAnswered: () => this.#report.onConsoleAnswered(),
      onBound: () => {
        this.#bound = true;
        if (this.#stopped) this.#onStarted();
        this.#announce();
      },
      onRefused: (_id, reason) => void this.#onRefused(reason),
      onAccess: (events, dropped) => {
        for (const event of events) {
          const who = this.#people.get(event.subject) ?? event.subject;
          run.output.line(accessLine(run.output, event, who));
          run.output.event('request', { ...event, who });
        }
        if (dropped === 0) return;
        run.output.note(`(${dropped} more requests were not shown: too many at once)`);
        run.output.event('dropped', { requests: dropped });
      },
    });
    this.#agent.start();
  }

  async publish(): Promise<void> {
    const { wish, shareSeconds, output } = this.#run;
    const publisher = { connection: this.#connection, device: this.#device, state: this.#state };
    const { value: service, fresh } = await publishService(publisher, wish);
    if (shareSeconds !== null) {
      const input = { params: { id: service.id }, body: { ttlSeconds: shareSeconds } };
      this.#shareUrls = (await this.#connection.api.call('shares.create', input)).urls;
    }
    this.#service = service;
    if (!service.enabled) this.#onStopped();
    this.#agent.serve(new Served(new Map([[service.id, [dialTargetOf(wish)]]])));
    if (!fresh) {
      output.note(`The console cannot be reached; ${service.name} goes on as it was published last.`);
      this.#every(REPUBLISH_INTERVAL_MS, async () => (await publishService(publisher, wish)).fresh);
    }
    this.#timers.push(
      setTimeout(() => {
        if (!this.#bound && !this.#stopped) this.#report.onSlow(this.#agent.tunnels.gatewayCount);
      }, SLOW_AFTER_MS),
    );
    void loadPeople(this.#connection.api).then((people) => {
      this.#people = people;
    });
  }

  /** The orderly end: says what becomes of the name. */
  async leave(): Promise<void> {
    const { output, forgetAtEnd } = this.#run;
    // Interrupted before anything was published.
    if (this.#service === null) return;
    const { id, name } = this.#service;
    if (forgetAtEnd) await this.#connection.api.call('services.delete', { params: { id } });
    output.line();
    output.line(
      forgetAtEnd
        ? `Stopped. The name ${name} is free again.`
        : `Stopped. The name ${name} is kept; zeronaut services remove ${name} forgets it.`,
    );
    output.event('stopped', { name, kept: !forgetAtEnd });
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#agent.stop();
  }

  #announce(): void {
    if (this.#announced || this.#service === null) return;
    this.#announced = true;
    printExposed(this.#run.output, {
      service: this.#service,
      address: this.#run.wish.address,
      shareUrls: this.#shareUrls,
      certificateAuthorityFile: saveCertificateAuthority(this.#connection, this.#device.certificateAuthority),
    });
  }

  #onStopped(): void {
    // Each gateway refuses it by itself.
    if (this.#stopped) return;
    this.#stopped = true;
    const { id, name } = this.#service!;
    this.#run.output.event('service_stopped', { id, name });
    this.#run.output.note(stoppedText(name));
  }

  #onStarted(): void {
    this.#stopped = false;
    const { id, name } = this.#service!;
    this.#run.output.event('service_started', { id, name });
    this.#run.output.note(`${name} was started again.`);
  }

  async #onRefused(reason: string): Promise<void> {
    // Right after publishing, the gateway's snapshot may be a moment behind; the agent asks again.
    if (reason === 'tunnel.unknown_resource' && !this.#bound) return;
    const { id, name } = this.#service!;
    try {
      const { enabled } = await this.#connection.api.call('services.get', { params: { id } });
      if (enabled) this.#report.onRefused(reason);
      else this.#onStopped();
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'api.not_found') return;
      this.#fail(
        new CliError(`${name} was removed, and its name is free again`, {
          reason: 'cli.service_stopped',
          next: 'Run expose again to publish it anew.',
          exitCode: EXIT.notFound,
          cause: error,
        }),
      );
    }
  }

  /** Until `work` says that it is done; a refusal ends the exposure. */
  #every(intervalMs: number, work: () => Promise<boolean>): void {
    this.#timers.push(
      setTimeout(() => {
        work().then(
          (done) => {
            if (!done) this.#every(intervalMs, work);
          },
          (error: unknown) => this.#fail(error),
        );
      }, intervalMs),
    );
  }
}

/** Whoever may not read users, or has no console now, sees ids. */
async function loadPeople(api: ApiClient): Promise<ReadonlyMap<string, string>> {
  try {
    const users = await listAll(api, 'users.list');
    return new Map(users.map(({ id, email }) => [id, email]));
  } catch (error) {
    if (error instanceof CliError) return new Map();
    throw error;
  }
}
