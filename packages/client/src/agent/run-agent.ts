import { isConsoleAway } from '../api/api-error.ts';
import { CliError } from '../cli-error.ts';
import type { AgentWishes } from '../config/agent-file.ts';
import { aborted, onInterrupt } from '../interrupt.ts';
import { accessLine } from '../output/access-line.ts';
import { accessSummary } from '../output/access-summary.ts';
import { explain, LinkReport } from '../output/link-report.ts';
import type { Output } from '../output/output.ts';
import { stoppedText } from '../output/stopped.ts';
import { chooseConnection } from '../profile/connection.ts';
import { ensureDevice, forgetDevice, isDeviceGone } from '../profile/device.ts';
import { AgentState } from '../profile/state.ts';
import { Agent } from './agent.ts';
import { Discovery, type PublishedHere } from './discovery.ts';
import { dialTargetOf, findResource, type Publisher, publishService, publishSite } from './publish.ts';
import { type DialTarget, Served } from './served.ts';

export interface AgentRun {
  readonly wishes: AgentWishes;
  /** Reads the file again; throws a CliError when it is not valid. */
  readonly reload: () => AgentWishes;
  readonly output: Output;
  readonly profile: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
}

/** What the console could not take is tried again this often. */
const RETRY_MS = 5_000;

/**
 * `zeronaut agent run`: publishes everything in the file and keeps it alive as a service does: an entry that fails does
 * not hold up the others and is tried again, and the console may be away.
 */
export async function runAgent(run: AgentRun): Promise<void> {
  const { output } = run;
  const connection = chooseConnection({ profile: run.profile, environment: run.environment });
  const state = new AgentState(connection);
  const report = new LinkReport(output);
  const interrupt = onInterrupt({ hangup: false });
  const names = new Map<string, string>();
  /** What was said to be up, by gateway. */
  const up = new Map<string, Set<string>>();
  /** What its person was told to be stopped at the console. */
  const stopped = new Set<string>();
  const publishing = new Publishing(output, names, stopped);
  let device = await ensureDevice(connection);
  const first = await publishing.publish({ connection, device, state }, run.wishes).catch(async (error: unknown) => {
    if (!isDeviceGone(error)) throw error;
    // The console has forgotten this device (its data may be new): become a new one.
    await forgetDevice(connection);
    device = await ensureDevice(connection);
    return publishing.publish({ connection, device, state }, run.wishes);
  });

  const failed = Promise.withResolvers<never>();
  const agent = new Agent({
    connection,
    device,
    state,
    onUp: (link) => report.onUp(link.endpoint.name),
    onDown(gateway, fault, nextTryMs) {
      up.delete(gateway);
      report.onDown(gateway, fault, nextTryMs);
    },
    onConsoleTrouble: (error) => report.onConsoleTrouble(error),
    onConsoleAnswered: () => report.onConsoleAnswered(),
    onBound(id, link) {
      const name = names.get(id) ?? id;
      const gateway = link.endpoint.name;
      output.event('bound', { id, name, gateway });
      const known = up.get(gateway) ?? new Set();
      if (!known.has(id)) output.line(`${name} is up at ${gateway}.`);
      up.set(gateway, known.add(id));
      stopped.delete(id);
    },
    onRefused(id, reason, link) {
      if (reason === 'tunnel.unknown_resource') {
        // It was up, and no gateway knows it now: somebody may have stopped it. Right after publishing a gateway is just not there yet.
        if (up.get(link.endpoint.name)?.delete(id) === true) void tellIfStopped(id);
        return;
      }
      const name = names.get(id) ?? id;
      output.event('refused', { id, name, reason, gateway: link.endpoint.name });
      output.note(`${link.endpoint.name} does not take ${name}: ${explain(reason)}.`);
    },
    onAccess(events) {
      for (const event of events) {
        output.line(accessLine(output, event, event.subject));
        output.event('request', { ...event });
      }
    },
  });

  async function tellIfStopped(id: string): Promise<void> {
    try {
      const { enabled, name } = await connection.api.call('resources.get', { params: { id } });
      if (!enabled) publishing.tellStopped(id, name);
    } catch (error) {
      // A site, something that is gone, or a console that is away: the gateways' refusal is all that is known.
      if (!(error instanceof CliError)) failed.reject(error);
    }
  }

  let wishes = run.wishes;
  let retry: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  let published: PublishedHere = new Map();
  const discovery = new Discovery(
    connection,
    () => device,
    (found) => {
      published = found;
      publishAgain();
    },
  );
  const publishAgain = () => {
    clearTimeout(retry);
    // One round at a time, each with the wishes of its moment.
    round = round.then(async () => {
      const { served, complete } = await publishing.publish({ connection, device, state }, wishes, published);
      agent.serve(served);
      if (!complete) retryLater();
    });
    round.catch(failed.reject);
  };
  const retryLater = () => {
    if (!interrupt.signal.aborted) retry = setTimeout(publishAgain, RETRY_MS);
  };
  const onHangup = () => {
    try {
      wishes = run.reload();
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      output.error(error);
      output.note('The file is not used; everything goes on as it was.');
      return;
    }
    output.line('The file was read again.');
    output.event('reloaded');
    discovery.set(wishes.discover);
    publishAgain();
  };
  process.on('SIGHUP', onHangup);
  try {
    agent.serve(first.served);
    agent.start();
    discovery.set(wishes.discover);
    output.event('ready', { entries: [...names].map(([id, name]) => ({ id, name })) });
    if (!first.complete) retryLater();
    await Promise.race([aborted(interrupt.signal), failed.promise]);
    output.event('stopped');
    output.line('\nStopped. What it publishes keeps its names; the same command goes on from here.');
  } finally {
    process.off('SIGHUP', onHangup);
    clearTimeout(retry);
    discovery.stop();
    agent.stop();
    interrupt.dispose();
  }
}

/** Turns wishes into what is served, entry by entry, and says of each once what became of it. */
class Publishing {
  readonly #output: Output;
  /** Filled here: what people call the resources and sites, by id. */
  readonly #names: Map<string, string>;
  readonly #stopped: Set<string>;
  /** By entry: what was said of it last. */
  readonly #said = new Map<string, string>();

  constructor(output: Output, names: Map<string, string>, stopped: Set<string>) {
    this.#output = output;
    this.#names = names;
    this.#stopped = stopped;
  }

  /**
   * `complete` is false when an entry is missing or stands on memory alone, so that another round can help. Rejects only
   * when the console does not know this device.
   */
  async publish(
    publisher: Publisher,
    wishes: AgentWishes,
    published: PublishedHere = new Map(),
  ): Promise<{ served: Served; complete: boolean }> {
    const targets = new Map<string, readonly DialTarget[]>();
    const sites = new Map<string, readonly string[]>();
    let complete = true;
    let consoleAway = false;
    const attempt = async (what: string, work: (publisher: Publisher) => Promise<boolean>) => {
      try {
        if (await work({ ...publisher, consoleAway })) return;
        complete = false;
        consoleAway = true;
      } catch (error) {
        const deviceGone = isDeviceGone(error) && !what.startsWith('resource ');
        if (!(error instanceof CliError) || deviceGone) throw error;
        complete = false;
        consoleAway ||= isConsoleAway(error);
        this.#say(what, `${what}: ${error.message}${error.next === '' ? '' : ` (${error.next})`}`);
        this.#output.event('entry_failed', { entry: what, reason: error.reason });
      }
    };
    for (const wish of wishes.exposes) {
      const what = wish.name ?? `${wish.protocol} ${wish.address}`;
      await attempt(what, async (now) => {
        const { value: service, fresh } = await publishService(now, wish);
        targets.set(service.id, [dialTargetOf(wish)]);
        this.#names.set(service.id, service.name);
        for (const url of service.urls) {
          this.#say(`${what} ${url}`, `${url}  →  ${wish.address}  (${accessSummary(service).join('; ')})`);
        }
        if (!service.enabled) this.tellStopped(service.id, service.name);
        this.#output.event('published', { id: service.id, name: service.name, urls: service.urls });
        return fresh;
      });
    }
    for (const wish of wishes.sites) {
      await attempt(`site ${wish.name}`, async (now) => {
        const { value: site, fresh } = await publishSite(now, wish);
        sites.set(site.id, wish.destinations);
        this.#names.set(site.id, `site ${site.name}`);
        this.#say(`site ${wish.name}`, `site ${site.name}  →  ${wish.destinations.join(' ')}`);
        return fresh;
      });
    }
    for (const wish of wishes.resources) {
      await attempt(`resource ${wish.name}`, async (now) => {
        const { value, fresh } = await findResource(now, wish);
        const dialled = wish.targets.map((address) => ({ address, protocol: wish.protocol }));
        targets.set(value.id, [...(targets.get(value.id) ?? []), ...dialled]);
        this.#names.set(value.id, wish.name);
        this.#say(`resource ${wish.name}`, `resource ${wish.name}  →  ${wish.targets.join(' ')}`);
        return fresh;
      });
    }
    for (const [id, { name, targets: dialled }] of published) {
      targets.set(id, [...(targets.get(id) ?? []), ...dialled]);
      this.#names.set(id, name);
      this.#say(
        `published ${id}`,
        `${name}  →  ${dialled.map(({ address }) => address).join(' ')}  (published by the console)`,
      );
    }
    return { served: new Served(targets, sites), complete };
  }

  /** Once, until it is up again. */
  tellStopped(id: string, name: string): void {
    if (this.#stopped.has(id)) return;
    this.#stopped.add(id);
    this.#output.event('service_stopped', { id, name });
    this.#output.note(stoppedText(name));
  }

  #say(entry: string, text: string): void {
    if (this.#said.get(entry) === text) return;
    this.#said.set(entry, text);
    this.#output.line(text);
  }
}
