import { waitFor } from '@zeronaut/testkit';
import type { World } from './world.ts';

let probes = 0;

/** The gateway has applied what the console would send now: a change of ours came through. */
export async function gatewayIsCurrent(world: World): Promise<void> {
  const name = `probe-${++probes}`;
  const created = await world.api.call('resources.create', { body: { name, targets: [{ address: '127.0.0.1:9' }] } });
  const visitor = world.visitor();
  const url = `https://${name}.${world.baseDomain}:${world.httpsPort}/`;
  const known = async () => (await visitor.ask(url).catch(() => ({ status: 404 }))).status !== 404;
  await waitFor(known, { what: 'the gateway has the newest snapshot' });
  await world.api.call('resources.delete', { params: { id: created.id } });
}
