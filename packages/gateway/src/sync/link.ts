import type { OnReadOpts } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import {
  CONSOLE_SERVER_NAME,
  type EdgeSignIn,
  type LogLevel,
  parseHostPort,
  type ReportedAddressGrant,
  SYNC_ALPN,
  SYNC_FEATURES,
  SYNC_MAX_FROM_CONSOLE,
  SYNC_PING_INTERVAL_MS,
  type SyncFromConsole,
  type SyncFromGateway,
  syncFromConsole,
} from '@zeronaut/model';
import { Backoff } from '@zeronaut/tunnel';
import type { Logger } from 'pino';
import { parseJsonPieces } from '../json-pieces.ts';
import { CONTEXT_ROOM, ReceivedSnapshot } from '../received-snapshot.ts';
import { inTurns, nextTurn } from '../turns.ts';
import { encodeMessage, MessageDecoder } from './codec.ts';
import type { Witness } from './witness.ts';

/**
 * The one connection to the console: mutual TLS 1.3, we dial, and dial again for ever. It moves messages and knows
 * nothing of what they mean. A console that sends what does not validate loses the link and changes nothing here; a
 * console that is away costs nobody anything but new sign-ins.
 */
export interface SyncLinkOptions {
  /** `host:port`. */
  readonly address: string;
  /** Read at each dial, so that a renewed certificate is used from the next one on. PEM. */
  readonly credentials: () => { readonly key: string; readonly certificate: string; readonly authority: string };
  readonly softwareVersion: string;
  readonly snapshotVersion: () => number;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly onUp: () => void;
  readonly onDown: () => void;
  /** There is no link and the next dial follows later: it ended, or this dial failed. */
  readonly onAway: () => void;
  readonly onSnapshot: (snapshot: ReceivedSnapshot) => void;
  readonly onEventsStored: (epoch: string, seq: number) => void;
  /** Answered by `tunnels`. */
  readonly onListTunnels: (rpcId: number, deviceId: string) => void;
  readonly onTailLog: (level: LogLevel | null) => void;
  /** Co-signs checkpoints of the audit log. */
  readonly witness?: Pick<Witness, 'verifierKey' | 'size' | 'consider'>;
}

const DIAL_TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 5_000;
/** While nothing listens: a restarted console finds its gateways at once, and has time to take them all. */
const GONE_RETRY_MS = 1_000;
/** A console may be away for days: said at once, then so often. */
const REMINDER_MS = 60_000;
/** A link that lived this long was a good one: the next retry starts from the beginning. */
const GOOD_LINK_MS = 1_000;
/** A password hash at the console takes a fraction of a second; a person waits for this answer. */
const RPC_TIMEOUT_MS = 10_000;
const MAX_PENDING_RPCS = 1_000;
/** Messages above it take long enough to be read in turns with the data path. */
const LARGE_BYTES = 65_536;
/** Of what is read at once; a TLS record has 16 KiB at most. */
const READ_BYTES = 65_536;
/** Unsent bytes above which no further event batch is taken. */
const HIGH_WATER_BYTES = 4 * 1024 * 1024;

type RpcResult = Exclude<Extract<SyncFromConsole, { rpcId: number }>, { type: 'list_tunnels' }>;
type RpcRequest = Exclude<Extract<SyncFromGateway, { rpcId: number }>, { type: 'tunnels' }>;
type RpcBody = RpcRequest extends infer R ? (R extends RpcRequest ? Omit<R, 'rpcId'> : never) : never;

interface PendingRpc {
  readonly answer: RpcResult['type'];
  readonly settle: (result: RpcResult | null) => void;
  readonly timer: NodeJS.Timeout;
}

export class SyncLink {
  readonly #options: SyncLinkOptions;
  #socket: TLSSocket | null = null;
  #up = false;
  #stopped = false;
  readonly #backoff = new Backoff({ firstMs: FIRST_RETRY_MS, capMs: LAST_RETRY_MS, goneCapMs: GONE_RETRY_MS });
  /** Of this link or the one that ended just now. Null: it never was up; a console may take long to say no. */
  #upSince: number | null = null;
  /** When it was last said that the link is down; null once a good one was there. */
  #saidDownAt: number | null = null;
  #retry: NodeJS.Timeout | null = null;
  #watch: NodeJS.Timeout | null = null;
  #lastHeard = 0;
  #lastSaid = 0;
  #nextRpcId = 1;
  readonly #rpcs = new Map<number, PendingRpc>();

  constructor(options: SyncLinkOptions) {
    this.#options = options;
  }

  get up(): boolean {
    return this.#up;
  }

  start(): void {
    this.#dial();
  }

  /** Closes for good. Waiting calls settle as unavailable. */
  stop(): void {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#socket?.destroy();
  }

  /** Hangs up; the next dial follows by itself. */
  restart(): void {
    this.#socket?.destroy();
  }

  /** False: the link is down and nothing was sent. */
  send(message: SyncFromGateway): boolean {
    return this.#write(JSON.stringify(message));
  }

  /** `json` is an array of events that were checked already. False: down, or too much is unsent; try again later. */
  sendEvents(json: string): boolean {
    if (this.#socket !== null && this.#socket.writableLength > HIGH_WATER_BYTES) return false;
    return this.#write(`{"type":"events","events":${json}}`);
  }

  /** The portal's sign-in: a portal session, a reason of the console, or `access.unavailable` while it is away. */
  async signIn(request: {
    email: string;
    password: string;
    /** Second factor, when the visitor gave one. */
    code?: string;
    address: string;
    userAgent: string;
  }): Promise<{ token: string } | { reason: string }> {
    const result = await this.#call({ type: 'sign_in', ...request }, 'sign_in_result');
    if (result?.type !== 'sign_in_result') return { reason: 'access.unavailable' };
    if (result.token !== null) return { token: result.token };
    return { reason: result.reason ?? 'access.unavailable' };
  }

  /** True when the console has the sign-in, or will never take it. */
  async passkeySignIn(signIn: EdgeSignIn): Promise<boolean> {
    return (await this.#call({ type: 'passkey_sign_in', signIn }, 'passkey_sign_in_result')) !== null;
  }

  /** A passkey that was made on the portal: recovery codes to show once, or a reason. */
  async createPasskey(
    request: Omit<Extract<RpcBody, { type: 'passkey_create' }>, 'type'>,
  ): Promise<{ recoveryCodes: readonly string[] } | { reason: string }> {
    const result = await this.#call({ type: 'passkey_create', ...request }, 'passkey_create_result');
    if (result?.type !== 'passkey_create_result') return { reason: 'access.unavailable' };
    return result.reason === null ? { recoveryCodes: result.recoveryCodes } : { reason: result.reason };
  }

  /** True when the console has revoked the session. */
  async signOut(sessionId: string): Promise<boolean> {
    return (await this.#call({ type: 'sign_out', sessionId }, 'sign_out_result')) !== null;
  }

  /** How many of the report the console has, and which of them it does not let count; null while it is away. */
  async tellAddressGrants(
    grants: readonly ReportedAddressGrant[],
    open?: readonly string[],
  ): Promise<{ taken: number; ended: readonly string[] } | null> {
    const report = { grants: [...grants], ...(open === undefined ? {} : { open: [...open] }) };
    const result = await this.#call({ type: 'address_grants', ...report }, 'address_grants_result');
    return result?.type === 'address_grants_result' ? result : null;
  }

  /** A fresh client certificate (PEM) for the key of the request, or null. */
  async renew(csr: string): Promise<string | null> {
    const result = await this.#call({ type: 'renew', csr }, 'renewed');
    return result?.type === 'renewed' ? result.certificate : null;
  }

  /** What the console says of the snapshot that this gateway should run; not verified. Null: it did not answer. */
  async confirmSnapshot(
    nonce: string,
  ): Promise<Pick<SyncFromConsole & { type: 'snapshot_confirmed' }, 'version' | 'keyId' | 'signature'> | null> {
    const result = await this.#call({ type: 'confirm_snapshot', nonce }, 'snapshot_confirmed');
    return result?.type === 'snapshot_confirmed' ? result : null;
  }

  #call(body: RpcBody, answer: RpcResult['type']): Promise<RpcResult | null> {
    return new Promise((resolve) => {
      const rpcId = this.#nextRpcId++;
      if (this.#rpcs.size >= MAX_PENDING_RPCS || !this.send({ ...body, rpcId } as RpcRequest)) {
        resolve(null);
        return;
      }
      const settle = (result: RpcResult | null) => {
        clearTimeout(timer);
        this.#rpcs.delete(rpcId);
        resolve(result);
      };
      const timer = setTimeout(settle, RPC_TIMEOUT_MS, null);
      this.#rpcs.set(rpcId, { answer, settle, timer });
    });
  }

  #write(json: string): boolean {
    if (!this.#up || this.#socket === null) return false;
    this.#lastSaid = performance.now();
    this.#socket.write(encodeMessage(json));
    return true;
  }

  #dial(): void {
    const { address, credentials, log } = this.#options;
    const { key, certificate, authority } = credentials();
    const destination = parseHostPort(address)!;
    let failure: Error | null = null;
    // Into the same memory each time, past Node's `Readable`, which takes new memory for each read. The types do not know that TLS has it, too.
    const onread: OnReadOpts = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (size, bytes) => read(bytes.subarray(0, size)),
    };
    let socket: TLSSocket;
    try {
      socket = connect({
        host: destination.host,
        port: destination.port,
        servername: CONSOLE_SERVER_NAME,
        ALPNProtocols: [SYNC_ALPN],
        minVersion: 'TLSv1.3',
        // Hybrid post-quantum first: who records the link today must not read it later.
        ecdhCurve: 'X25519MLKEM768:X25519:prime256v1',
        key,
        cert: certificate,
        ca: authority,
        timeout: DIAL_TIMEOUT_MS,
        ...{ onread },
      });
    } catch (error) {
      // Key or certificate cannot be read by OpenSSL: the same as a console that refuses us, so that the edge goes on.
      this.#scheduleRetry(error as Error);
      return;
    }
    this.#socket = socket;
    const decoder = new MessageDecoder(SYNC_MAX_FROM_CONSOLE);
    const refuse = (problem: string): void => {
      log.error({ reason: 'sync.invalid', problem }, 'message from the console refused, link closed');
      socket.destroy(new Error(problem));
    };
    let reading = Promise.resolve();
    socket.setNoDelay(true);
    socket.on('timeout', () => socket.destroy(new Error('no answer in time')));
    socket.on('error', (error) => {
      failure = error;
    });
    socket.on('secureConnect', () => {
      if (socket.alpnProtocol !== SYNC_ALPN) {
        socket.destroy(new Error('the other side does not speak the sync protocol'));
        return;
      }
      socket.setTimeout(0);
      this.#connected(socket);
    });
    /** `chunk` is overwritten by the next one. Gives whether more may come. */
    const read = (chunk: Uint8Array): boolean => {
      if (socket.destroyed) return false;
      this.#lastHeard = performance.now();
      const decoded = decoder.push(chunk);
      if (!decoded.ok) {
        refuse('not a message');
        return false;
      }
      if (decoded.bodies.length === 0) return true;
      // One after the other, in the order in which they came, and nothing more is read meanwhile.
      reading = reading.then(async () => {
        for (const body of decoded.bodies) {
          if (socket.destroyed) return;
          const problem = await this.#receive(body, socket);
          if (problem !== null) return refuse(problem);
        }
        socket.resume();
      });
      return false;
    };
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      if (this.#watch !== null) clearInterval(this.#watch);
      this.#watch = null;
      this.#socket = null;
      const wasUp = this.#up;
      this.#up = false;
      for (const rpc of [...this.#rpcs.values()]) rpc.settle(null);
      if (wasUp) this.#options.onDown();
      if (!this.#stopped) this.#scheduleRetry(failure);
    });
  }

  #connected(socket: TLSSocket): void {
    this.#up = true;
    this.#lastHeard = performance.now();
    this.#lastSaid = this.#lastHeard;
    this.#upSince = this.#lastHeard;
    this.#watch = setInterval(() => this.#keepAlive(socket), SYNC_PING_INTERVAL_MS / 5);
    const { witness } = this.#options;
    this.send({
      type: 'hello',
      protocol: 1,
      softwareVersion: this.#options.softwareVersion,
      snapshotVersion: this.#options.snapshotVersion(),
      features: [...SYNC_FEATURES],
      ...(witness !== undefined && { witness: { key: witness.verifierKey, size: witness.size } }),
    });
    this.#options.log.info({ address: this.#options.address }, 'console link up');
    this.#options.onUp();
  }

  // On the monotonic clock: a wall clock that jumps must not cut a good link, nor keep a dead one.
  #keepAlive(socket: TLSSocket): void {
    const now = performance.now();
    if (now - this.#lastHeard > 3 * SYNC_PING_INTERVAL_MS) {
      socket.destroy(new Error('the console fell silent'));
    } else if (now - this.#lastHeard >= SYNC_PING_INTERVAL_MS && now - this.#lastSaid >= SYNC_PING_INTERVAL_MS / 2) {
      this.send({ type: 'ping' });
    }
  }

  /** What is wrong with the message, or null. A snapshot of many megabytes is read in turns with the data path. */
  async #receive(body: Buffer, socket: TLSSocket): Promise<string | null> {
    // A large one was put together in this very turn.
    if (body.length > LARGE_BYTES) await nextTurn();
    let value: unknown;
    try {
      value = await inTurns(parseJsonPieces(body, { bytes: { name: 'payload', room: CONTEXT_ROOM } }));
    } catch {
      return 'not a message';
    }
    if (socket.destroyed) return null;
    this.#lastHeard = performance.now();
    const payload = takePayload(value);
    const message = syncFromConsole.safeParse(value);
    if (!message.success) return message.error.issues[0]!.message.slice(0, 200);
    return this.#handle(message.data, payload) ? null : `${message.data.type} answers nothing that was asked`;
  }

  /** `payload`: of a snapshot, if it was long. */
  #handle(message: SyncFromConsole, payload: Buffer | null): boolean {
    switch (message.type) {
      case 'snapshot': {
        const { snapshot } = message;
        this.#options.onSnapshot(
          payload === null ? ReceivedSnapshot.of(snapshot) : ReceivedSnapshot.inRoom(snapshot, payload),
        );
        return true;
      }
      case 'events_stored':
        this.#options.onEventsStored(message.epoch, message.seq);
        return true;
      case 'tail_log':
        this.#options.onTailLog(message.level);
        return true;
      case 'list_tunnels':
        this.#options.onListTunnels(message.rpcId, message.deviceId);
        return true;
      case 'checkpoint':
        this.#options.witness?.consider(message).then(
          (answer) => this.send(answer),
          (error: unknown) => this.#options.log.error({ err: error }, 'the audit checkpoint could not be stored'),
        );
        return this.#options.witness !== undefined;
      case 'ping':
        this.send({ type: 'pong' });
        return true;
      case 'pong':
        return true;
      default: {
        const rpc = this.#rpcs.get(message.rpcId);
        // Late, after our time-out: nobody waits any more. Of another kind: the console has lost track.
        if (rpc === undefined) return message.rpcId < this.#nextRpcId;
        if (rpc.answer !== message.type) return false;
        rpc.settle(message);
        return true;
      }
    }
  }

  #scheduleRetry(failure: NodeJS.ErrnoException | null): void {
    this.#options.onAway();
    const now = performance.now();
    if (this.#upSince !== null && now - this.#upSince > GOOD_LINK_MS) {
      this.#backoff.reset();
      this.#saidDownAt = null;
    }
    this.#upSince = null;
    if (this.#saidDownAt === null || now - this.#saidDownAt >= REMINDER_MS) {
      this.#saidDownAt = now;
      this.#options.log.warn(
        { address: this.#options.address, problem: failure?.message ?? 'closed by the console' },
        'console link down, running on without it',
      );
    }
    this.#retry = setTimeout(() => this.#dial(), this.#backoff.nextMs(failure?.code === 'ECONNREFUSED'));
  }
}

/** A payload that was read as bytes leaves the message, whose schema knows texts; its length is bounded as the message's is. */
function takePayload(message: unknown): Buffer | null {
  const { snapshot } = Object(message) as { snapshot?: { payload?: unknown } | null };
  if (!Buffer.isBuffer(snapshot?.payload)) return null;
  const { payload } = snapshot;
  snapshot.payload = '';
  return payload;
}
