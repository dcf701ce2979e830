import { readFileSync, writeFileSync } from 'node:fs';
import { ip } from '../os/ip-command.ts';
import type { AllowedIp } from './data-plane.ts';
import { formatNetwork } from './text-values.ts';

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
    const longestFirst = [...plan.networks].sort((a, b) => b.bits - a.bits);
    for (const network of longestFirst) {
      const family = network.address.length === 4 ? '-4' : '-6';
      if (plan.table === 'auto' && network.bits === 0) undo.push(await routeAll(interfaceName, family, plan.fwmark));
      else await addRoute(interfaceName, family, formatNetwork(network), plan.table);
    }
  } catch (error) {
    await undoAll();
    throw error;
  }
  return undoAll;
}

async function addRoute(name: string, family: string, network: string, table: 'auto' | number): Promise<void> {
  if (table === 'auto') {
    // The address of the interface may have brought this route already.
    const present = await ip(family, 'route', 'show', 'dev', name, 'match', network);
    if (present.trim() !== '') return;
    await ip(family, 'route', 'add', network, 'dev', name);
  } else {
    await ip(family, 'route', 'add', network, 'dev', name, 'table', String(table));
  }
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
