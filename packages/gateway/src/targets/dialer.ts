import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, rootCertificates, type TLSSocket } from 'node:tls';
import { Fault, formatHostPort, parseHostPort, type Target } from '@zeronaut/model';
import { type ByteStream, dialSocket, socketStream } from '@zeronaut/tunnel';
import type { Flow } from '../flow.ts';
import type { AgentLinks, Dialer } from '../rooms.ts';
import { ByteStreamDuplex } from './byte-stream-duplex.ts';

export interface DialerOptions {
  /** Null: there are no agents (a gateway from a file). */
  readonly agentLinks: AgentLinks | null;
  /** Bound of connecting, TLS included. Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** PEM certificates to trust for `https` targets beside the usual ones. */
  readonly extraCertificateAuthorities?: readonly string[];
}

/**
 * One connection to one target: TCP or a Unix socket from here, or a stream through the agent that sits beside it; TLS on
 * top for `https` targets, in either case from here, so that the agent sees no plain text. UDP targets are only dialled
 * through agents; the raw room opens its own sockets for the others.
 */
export function createDialer(options: DialerOptions): Dialer {
  return new TargetDialer(options);
}

class TargetDialer implements Dialer {
  readonly #agentLinks: AgentLinks | null;
  readonly #timeoutMs: number;
  readonly #authorities: readonly string[] | undefined;

  constructor(options: DialerOptions) {
    this.#agentLinks = options.agentLinks;
    this.#timeoutMs = options.connectTimeoutMs ?? 5_000;
    this.#authorities = options.extraCertificateAuthorities;
  }

  reachable(target: Target, resourceId: string): boolean {
    return target.deviceId === null || (this.#agentLinks?.serves(target.deviceId, resourceId) ?? false);
  }

  async dial(
    target: Target,
    context: { flow: Flow | null; resourceId: string; protocol: 'tcp' | 'udp' },
  ): Promise<ByteStream> {
    if (target.deviceId !== null) return this.#dialThroughAgent(target, target.deviceId, context);
    if (target.protocol === 'https') return this.#secure(target, this.#connect(target.address));
    return connected(target.address, this.#timeoutMs);
  }

  #dialThroughAgent(
    target: Target,
    deviceId: string,
    context: { flow: Flow | null; resourceId: string; protocol: 'tcp' | 'udp' },
  ): ByteStream | Promise<ByteStream> {
    const caller = context.flow?.downstream;
    const stream =
      this.#agentLinks?.open(deviceId, {
        kind: 'target',
        resourceId: context.resourceId,
        address: target.address,
        protocol: context.protocol,
        // The schema knows no port 0, which is what a caller behind a trusted proxy has; and our own checks have no caller.
        source: caller === undefined ? '127.0.0.1:1' : formatHostPort(caller.address, caller.port || 1),
      }) ?? null;
    if (stream === null) {
      throw new Fault('balancer.agent_away', {
        side: 'upstream',
        retry: 'yes',
        message: 'no live tunnel to the agent',
      });
    }
    return target.protocol === 'https' ? this.#secure(target, new ByteStreamDuplex(stream)) : stream;
  }

  #connect(address: string): Socket {
    if (address.startsWith('unix:')) return connectTcp({ path: address.slice(5), allowHalfOpen: true });
    const { host, port } = parseHostPort(address)!;
    return connectTcp({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true });
  }

  async #secure(target: Target, transport: Socket | ByteStreamDuplex): Promise<ByteStream> {
    const host = target.tlsServerName ?? parseHostPort(target.address)?.host ?? 'localhost';
    const socket = connectTls({
      socket: transport,
      // An address is no server name (RFC 6066, 3), yet certificates may name it: it is checked all the same.
      ...(isIP(host) === 0 ? { servername: host } : { host }),
      rejectUnauthorized: target.tlsVerify,
      minVersion: 'TLSv1.2',
      ecdhCurve: 'X25519MLKEM768:X25519:prime256v1:secp384r1',
      ALPNProtocols: ['http/1.1'],
      ...(this.#authorities === undefined ? {} : { ca: [...rootCertificates, ...this.#authorities] }),
    });
    await secured(socket, this.#timeoutMs);
    return socketStream(socket);
  }
}

function connected(address: string, timeoutMs: number): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const giveUp = dialSocket(address, 'upstream', (stream, error) => {
      clearTimeout(timer);
      if (stream === null) reject(dialFault(error!));
      else resolve(stream);
    });
    const timer = setTimeout(() => {
      giveUp();
      reject(tooLate());
    }, timeoutMs);
  });
}

/** Resolves when the handshake is done. Else the socket is gone and the Fault says why. */
function secured(socket: TLSSocket, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (fault: Fault | null) => {
      clearTimeout(timer);
      socket.off('secureConnect', onReady);
      socket.off('error', onError);
      socket.off('close', onClose);
      if (fault === null) {
        // Bytes that come before somebody listens must wait in the kernel.
        socket.pause();
        resolve();
        return;
      }
      // Errors that follow have nothing new to say, but must not be unhandled.
      socket.on('error', () => socket.destroy());
      socket.destroy();
      reject(fault);
    };
    const onReady = () => finish(null);
    const onError = (error: Error) => finish(dialFault(error));
    const onClose = () => finish(dialFault(new Error('closed while connecting')));
    const timer = setTimeout(() => finish(tooLate()), timeoutMs);
    socket.on('secureConnect', onReady);
    socket.on('error', onError);
    socket.on('close', onClose);
  });
}

function tooLate(): Fault {
  return new Fault('target.dial_timeout', { side: 'upstream', retry: 'yes', message: 'no connection in time' });
}

const TIMEOUTS = new Set(['ETIMEDOUT']);
const LOCAL = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL']);

function dialFault(error: Error): Fault {
  const code = 'code' in error ? String(error.code) : '';
  return new Fault(TIMEOUTS.has(code) ? 'target.dial_timeout' : 'target.dial_refused', {
    side: LOCAL.has(code) ? 'local' : 'upstream',
    retry: 'yes',
    message: error.message,
    cause: error,
  });
}
