import { PACKET_MODULE } from './packet-module.ts';

/** The functions of packages/tunnel/assembly/packet.ts, where they are described. Addresses are offsets in the memory. */
export interface PacketCode {
  checksum(address: number, length: number): number;
  completeChecksum(ip: number, length: number, start: number, offset: number): void;
  writeSegment(
    template: number,
    ip: number,
    protocol: number,
    transport: number,
    header: number,
    payload: number,
    index: number,
    size: number,
    last: boolean,
  ): void;
  prepareSeal(packet: number, length: number, padded: number, ciphertext: number): void;
  restoreAfterSeal(packet: number, length: number): void;
  prepareOpen(ciphertext: number, length: number): void;
  finishOpen(ciphertext: number, length: number, computed: number): number;
  takeCounter(address: number, nonce: number): number;
  readHeader(message: number, nonce: number): number;
  isRejectedCounter(counter: number): number;
  acceptCounter(state: number, counterAt: number): number;
  inspect(ip: number, length: number): number;
  markCongestion(ip: number): void;
  locate(address: bigint): void;
  configureRuns(iovecs: number, udp: boolean): void;
  offer(ip: number, length: number): number;
  startRun(ip: number, length: number, joinable: boolean): void;
  finishRun(): number;
  writePointer(at: number, offset: number): void;
}

/** The memory that main thread and workers share; it can be handed to a worker. */
export interface PacketMemory {
  readonly buffer: SharedArrayBuffer;
}

/** What of WebAssembly is used here; the libraries that types are checked against do not know it outside browsers. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => PacketMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: { env: { memory: PacketMemory } }) => { readonly exports: object };
};

/** Each thread has an instance of its own (runs and kept bytes are its state) over the one memory. */
export function instantiatePacketCode(memory: PacketMemory): PacketCode {
  const module = new WebAssembly.Module(Buffer.from(PACKET_MODULE, 'base64'));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as PacketCode;
}

/** A memory of at least `bytes`, never grown. */
export function createPacketMemory(bytes: number): PacketMemory {
  const pages = Math.ceil(bytes / 65_536);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}
