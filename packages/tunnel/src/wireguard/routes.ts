import { readFileSync, writeFileSync } from 'node:fs';
import { ip, ipBatch } from '../os/ip-command.ts';
import type { AllowedIp } from './data-plane.ts';
import { formatNetwork, maskNetwork, parseNetwork } from './text-values.ts';

/**
 * Routes of an interface for the networks of its peers, as wg-quick sets them: each network to the interface; a default
 * route into a table of its own, which everything but our own outer datagrams (they carry the firewall mark) looks up.
 */

/** The table and mark for default routes, where the file names none (as wg-quick). */
export const DEFAULT_ROUTE_MARK = 51_820;

const SRC_VALID_MARK = '/proc/sys/net/ipv4/conf/all/src_valid_mark';

export interface RoutePlan {
  readonly networks: readonly AllowedIp[];
  readonly table: 'auto' | 'off' | number;
  /** 0: none is set. */
  readonly fwmark: number;
}

export function hasDefaultRoute(networks: readonly AllowedIp[]): boolean {
  return networks.some(({ bits }) => bits === 0);
}

/** Resolves with what takes back the rules; routes go with the interface. If one fails, rules set before are taken back. */
export async function addRoutes(interfaceName: string, plan: RoutePlan): Promise<() => Promise<void>> {
  const undo: (() => Promise<void>)[] = [];
  const undoAll = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  if (plan.table === 'off') return undoAll;
  try {
    for (const family of ['-4', '-6'] as const) {
      const bytes = family === '-4' ? 4 : 16;
      const networks = plan.networks.filter(({ address }) => address.length === bytes).map(maskNetwork);
      const ruled = plan.table === 'auto' ? networks.filter(({ bits }) => bits === 0) : [];
      if (ruled.length > 0) undo.push(await routeAll(interfaceName, family, plan.fwmark));
      const others = networks.filter((network) => !ruled.includes(network));
      await addAll(interfaceName, family, others, plan.table);
    }
  } catch (error) {
    await undoAll();
    throw error;
  }
  return undoAll;
}

/** One process for all: a program for each of ten thousand networks takes a minute. */
async function addAll(
  name: string,
  family: '-4' | '-6',
  networks: readonly AllowedIp[],
  table: 'auto' | number,
): Promise<void> {
  if (networks.length === 0) return;
  // The address of the interface may have brought a route already.
  const present = table === 'auto' ? await routesOf(name, family) : [];
  const missing = networks.filter((network) => !present.some((route) => contains(route, network)));
  const unique = new Set(missing.map(formatNetwork));
  const suffix = table === 'auto' ? '' : ` table ${table}`;
  await ipBatch(
    family,
    [...unique].map((network) => `route add ${network} dev ${name}${suffix}`),
  );
}

async function routesOf(name: string, family: '-4' | '-6'): Promise<AllowedIp[]> {
  const output = await ip(family, '-json', 'route', 'show', 'dev', name);
  const routes = (output.trim() === '' ? [] : JSON.parse(output)) as { dst: string }[];
  return routes.map(({ dst }) => parseNetwork(dst)).filter((route) => route !== undefined);
}

function contains(outer: AllowedIp, inner: AllowedIp): boolean {
  if (outer.bits > inner.bits) return false;
  const { address } = maskNetwork({ address: inner.address, bits: outer.bits });
  return outer.address.every((byte, index) => byte === address[index]);
}

async function routeAll(name: string, family: string, mark: number): Promise<() => Promise<void>> {
  const table = String(mark);
  const everything = family === '-4' ? '0.0.0.0/0' : '::/0';
  await ip(family, 'route', 'add', everything, 'dev', name, 'table', table);
  const rules = [
    // What is not ours goes into the tunnel …
    ['not', 'fwmark', table, 'table', table],
    // … unless the main table knows better than its default route.
    ['table', 'main', 'suppress_prefixlength', '0'],
  ];
  const added: string[][] = [];
  const undo = async () => {
    for (const rule of added.splice(0).reverse()) await ip(family, 'rule', 'delete', ...rule);
  };
  try {
    for (const rule of rules) {
      await ip(family, 'rule', 'add', ...rule);
      added.push(rule);
    }
    // Otherwise reverse path filtering would drop the answers to our marked datagrams.
    if (family === '-4' && readFileSync(SRC_VALID_MARK, 'utf8').trim() !== '1') {
      writeFileSync(SRC_VALID_MARK, '1');
      const undoRules = undo;
      return async () => {
        writeFileSync(SRC_VALID_MARK, '0');
        await undoRules();
      };
    }
  } catch (error) {
    await undo();
    throw error;
  }
  return undo;
}
