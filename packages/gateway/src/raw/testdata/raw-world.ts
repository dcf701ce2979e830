import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { type AccessEvent, deny, Fault, parseHostPort, pass, type Snapshot, type SnapshotResource } from '@zeronaut/model';
import { anonymousFacts, evaluateAccess } from '@zeronaut/policy';
import { testSnapshot } from '@zeronaut/testkit';
import { type ByteStream, createDatagramStream, pipePair, socketStream } from '@zeronaut/tunnel';
import { pino } from 'pino';
import { ANONYMOUS } from '../../flow.ts';
import type { Balancer, Dialer } from '../../rooms.ts';
import { CurrentTables, compileTables } from '../../tables.ts';
import type { RawLimits } from '../raw-context.ts';
import { LimitsOfResources } from '../../limits/resource-limiter.ts';
import { createRawListeners, type RawListeners } from '../raw-listeners.ts';

type Recorded = Omit<AccessEvent, 'gatewayId' | 'epoch' | 'seq'>;

export interface RawWorld {
  readonly listeners: RawListeners;
  readonly tables: CurrentTables;
  readonly events: Recorded[];
  /** Addresses that somebody authorised. */
  readonly granted: Set<string>;
  readonly dials: string[];
  /** Addresses about which access was asked, each time. */
  readonly asked: string[];
  swap(resources: SnapshotResource[]): void;
}

/** Raw listeners on 127.0.0.1 between real sockets, with the plainest dialer and balancer that keep their contracts. */
export async function rawWorld(
  t: TestContext,
  resources: SnapshotResource[],
  options: { limits?: Partial<RawLimits>; dialer?: Dialer; rawAddress?: string; start?: boolean } = {},
): Promise<RawWorld> {
  let snapshot: Snapshot = testSnapshot({ organizationId: resources[0]!.organizationId, resources });
  const tables = new CurrentTables(compileTables(snapshot));
  const events: Recorded[] = [];
  const granted = new Set<string>();
  const dials: string[] = [];
  const asked: string[] = [];
  const balancer: Balancer = {
    choose(flow, exclude) {
      const target = flow.resource!.targets.find(({ id }) => !exclude.has(id));
      return target ? { target, left() {} } : { target: null, verdict: deny('balancer.no_target') };
    },
    report() {},
  };
  const listeners = createRawListeners({
    tables,
    limiter: new LimitsOfResources(),
    balancer,
    dialer: options.dialer ?? {
      reachable: () => true,
      dial(target, { protocol }) {
        dials.push(target.address);
        return protocol === 'tcp' ? dialTcp(target.address) : Promise.resolve(dialUdp(target.address));
      },
    },
    access: {
      decide(flow) {
        const resource = flow.resource!;
        const { address } = flow.downstream;
        asked.push(address);
        const verdict = evaluateAccess(resource.access, anonymousFacts(resource.organizationId, address));
        const common = { subject: ANONYMOUS, explanation: null };
        if (verdict.effect === 'pass') return { ...common, verdict };
        return granted.has(address)
          ? { ...common, verdict: pass('access.address_authorised') }
          : { ...common, verdict: deny('access.address_unknown') };
      },
    },
    observer: { record: (event) => events.push(event) },
    rawAddress: options.rawAddress ?? '127.0.0.1',
    log: pino({ level: 'silent' }),
    retryMs: 20,
    ...(options.limits && { limits: options.limits }),
  });
  t.after(() => listeners.stop(0));
  if (options.start !== false) await listeners.start();
  return {
    listeners,
    tables,
    events,
    granted,
    dials,
    asked,
    swap(next) {
      snapshot = { ...snapshot, version: snapshot.version + 1, resources: next };
      tables.swap(compileTables(snapshot));
    },
  };
}

function dialTcp(address: string): Promise<ByteStream> {
  const { host, port } = parseHostPort(address)!;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    socket.once('error', (cause) => reject(new Fault('target.dial_refused', { side: 'upstream', cause })));
    socket.once('connect', () => resolve(socketStream(socket)));
  });
}

/** A datagram stream whose other end is a UDP socket, as an agent makes it. */
function dialUdp(address: string): ByteStream {
  const { host, port } = parseHostPort(address)!;
  const [near, far] = pipePair();
  const socket = createSocket('udp4');
  const datagrams = createDatagramStream(far, {
    onDatagram: (datagram) => socket.send(datagram, port, host),
    onClosed: () => socket.close(),
  });
  socket.on('message', (datagram) => datagrams.send(datagram));
  return near;
}
