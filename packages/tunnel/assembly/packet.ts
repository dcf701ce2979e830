/**
 * What touches every byte or header field of an inner packet, in WebAssembly with SIMD (AssemblyScript; `npm run wasm`
 * builds it into src/wireguard/linux/packet-module.ts). All addresses are offsets in the memory that main thread and
 * workers share. Nothing here allocates, and nothing trusts a length that it has not compared with what was read.
 *
 * Sums are ones' complement sums over 16-bit words as they lie in memory (RFC 1071, 2(B)): loaded and stored without
 * swapping, so a sum is right in the byte order of the field it goes to.
 */

const TCP: u32 = 6;
const UDP: u32 = 17;

// --- checksums -------------------------------------------------------------------------------------------------------

function fold(sum: u64): u32 {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return <u32>sum;
}

/** Sum of `length` bytes plus `seed`. A lane takes at most 2 * 65,535 a step, so 64 KiB cannot overflow 32 bits. */
function sum(address: usize, length: u32, seed: u64): u64 {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  const wide = address + (length & ~63);
  while (address < wide) {
    a = i32x4.add(a, i32x4.extadd_pairwise_i16x8_u(v128.load(address)));
    b = i32x4.add(b, i32x4.extadd_pairwise_i16x8_u(v128.load(address, 16)));
    a = i32x4.add(a, i32x4.extadd_pairwise_i16x8_u(v128.load(address, 32)));
    b = i32x4.add(b, i32x4.extadd_pairwise_i16x8_u(v128.load(address, 48)));
    address += 64;
  }
  a = i32x4.add(a, b);
  const end = wide + (length & 63);
  while (address + 16 <= end) {
    a = i32x4.add(a, i32x4.extadd_pairwise_i16x8_u(v128.load(address)));
    address += 16;
  }
  let total =
    seed +
    <u64>(<u32>i32x4.extract_lane(a, 0)) +
    <u64>(<u32>i32x4.extract_lane(a, 1)) +
    <u64>(<u32>i32x4.extract_lane(a, 2)) +
    <u64>(<u32>i32x4.extract_lane(a, 3));
  while (address + 2 <= end) {
    total += <u64>load<u16>(address);
    address += 2;
  }
  if (address < end) total += <u64>load<u8>(address);
  return total;
}

/** Folded to 16 bits, not inverted. */
export function checksum(address: usize, length: u32): u32 {
  return fold(sum(address, length, 0));
}

function pseudoHeader(ip: usize, version: u32, protocol: u32, length: u32): u64 {
  const seed = <u64>bswap<u16>(<u16>protocol) + <u64>bswap<u16>(<u16>length);
  return version === 4 ? sum(ip + 12, 8, seed) : sum(ip + 8, 32, seed);
}

function writeIpv4Checksum(ip: usize, length: u32): void {
  store<u16>(ip, 0, 10);
  store<u16>(ip, <u16>~fold(sum(ip, length, 0)), 10);
}

/** Ends what the kernel left to the device (VIRTIO_NET_HDR_F_NEEDS_CSUM): the field holds the pseudo header's sum. */
export function completeChecksum(ip: usize, length: u32, start: u32, offset: u32): void {
  const value = <u16>~fold(sum(ip + start, length - start, 0));
  // RFC 768: a zero in UDP means "none", so a computed zero is sent as all ones.
  store<u16>(ip + start + offset, value === 0 && offset === 6 ? 0xffff : value);
}

// --- towards the network: cutting a superpacket ----------------------------------------------------------------------

/**
 * Writes the header of segment `index` at `ip`, whose payload lies right behind it, from the superpacket's header at
 * `template`. `transport` is the offset of the TCP or UDP header, `header` the length of all headers.
 */
export function writeSegment(
  template: usize,
  ip: usize,
  protocol: u32,
  transport: u32,
  header: u32,
  payload: u32,
  index: u32,
  size: u32,
  last: bool,
): void {
  memory.copy(ip, template, header);
  const version = <u32>load<u8>(ip) >> 4;
  const length = header + payload;
  if (version === 4) {
    store<u16>(ip, bswap<u16>(<u16>length), 2);
    store<u16>(ip, bswap<u16>(bswap<u16>(load<u16>(ip, 4)) + <u16>index), 4);
    writeIpv4Checksum(ip, (<u32>load<u8>(ip) & 15) << 2);
  } else {
    store<u16>(ip, bswap<u16>(<u16>(length - 40)), 4);
  }
  const segment = ip + transport;
  const field: u32 = protocol === TCP ? 16 : 6;
  if (protocol === TCP) {
    store<u32>(segment, bswap<u32>(bswap<u32>(load<u32>(segment, 4)) + index * size), 4);
    let flags = load<u8>(segment, 13);
    if (!last) flags &= 0xf6; // FIN and PSH belong to the last
    if (index > 0) flags &= 0x7f; // CWR to the first (RFC 3168, 6.1.2)
    store<u8>(segment, flags, 13);
  } else {
    store<u16>(segment, bswap<u16>(<u16>(length - transport)), 4);
  }
  store<u16>(segment + field, 0);
  const value = <u16>~fold(sum(segment, length - transport, pseudoHeader(ip, version, protocol, length - transport)));
  store<u16>(segment + field, value === 0 && protocol === UDP ? 0xffff : value);
}

// --- around the AEAD: what RFC 8439, 2.8 authenticates, built where the packet lies ----------------------------------

let keptA: v128 = i64x2.splat(0);
let keptB: v128 = i64x2.splat(0);

function clear64(address: usize): void {
  const zero = i64x2.splat(0);
  v128.store(address, zero);
  v128.store(address, zero, 16);
  v128.store(address, zero, 32);
  v128.store(address, zero, 48);
}

function writeLengths(text: usize, length: u32): void {
  v128.store(text + length, i64x2.splat(0));
  const block = text + ((length + 15) & ~15);
  store<u64>(block, 0); // no associated data
  store<u64>(block, <u64>length, 8);
}

/** Zeros before the packet (they become the Poly1305 key) and behind it up to `padded`, keeping what lay there. */
export function prepareSeal(packet: usize, length: u32, padded: u32, ciphertext: usize): void {
  clear64(packet - 64);
  keptA = v128.load(packet + length);
  if (padded > length) memory.fill(packet + length, 0, padded - length);
  writeLengths(ciphertext, padded);
}

export function restoreAfterSeal(packet: usize, length: u32): void {
  v128.store(packet + length, keptA);
}

/** Zeros before the ciphertext, the authenticated lengths behind it; the tag and 16 bytes more are kept. */
export function prepareOpen(ciphertext: usize, length: u32): void {
  keptA = v128.load(ciphertext + length);
  keptB = v128.load(ciphertext + length, 16);
  clear64(ciphertext - 64);
  writeLengths(ciphertext, length);
}

/** Whether the computed tag is the one that came, in time that does not depend on either; puts back what was kept. */
export function finishOpen(ciphertext: usize, length: u32, computed: usize): bool {
  const difference = v128.xor(keptA, v128.load(computed));
  v128.store(ciphertext + length, keptA);
  v128.store(ciphertext + length, keptB, 16);
  return !v128.any_true(difference);
}

// --- counters --------------------------------------------------------------------------------------------------------

const REKEY_AFTER_MESSAGES: u64 = 1 << 60;
const REJECT_AFTER_MESSAGES: u64 = u64.MAX_VALUE - (1 << 13);

/**
 * Writes the counter at `address` as nonce to `nonce` and adds one; several threads may do so. 0: spent, 1: taken, 2: taken
 * and time to rekey. What is spent is not counted further, so that it cannot wrap.
 */
export function takeCounter(address: usize, nonce: usize): u32 {
  if (atomic.load<u64>(address) >= REJECT_AFTER_MESSAGES) return 0;
  const counter = atomic.add<u64>(address, 1);
  if (counter >= REJECT_AFTER_MESSAGES) return 0;
  store<u64>(nonce, counter);
  return counter >= REKEY_AFTER_MESSAGES ? 2 : 1;
}

export function isRejectedCounter(counter: usize): bool {
  return load<u64>(counter) >= REJECT_AFTER_MESSAGES;
}

/** The receiver index of a transport message (paper, 5.4.6); its counter becomes the nonce at `nonce`. */
export function readHeader(message: usize, nonce: usize): u32 {
  store<u64>(nonce, load<u64>(message, 8));
  return load<u32>(message, 4);
}

const WINDOW_WORDS: u64 = 128;

/** A lock in a word: 0 free, 1 held, 2 held and awaited (Drepper, "Futexes are tricky", mutex 2). */
function lock(at: usize): void {
  if (atomic.cmpxchg<i32>(at, 0, 1) === 0) return;
  while (atomic.xchg<i32>(at, 2) !== 0) atomic.wait<i32>(at, 2, -1);
}

function unlock(at: usize): void {
  if (atomic.xchg<i32>(at, 0) === 2) atomic.notify(at, 1);
}

/**
 * Replay window of RFC 6479: 8,192 bits of which the newest word is in part ahead, so 8,128 packets late is accepted.
 * `state`: highest counter plus one (u64), then the bits, then a lock: copies of one packet that come from several
 * addresses are several threads' business at once. Only for authenticated packets.
 */
export function acceptCounter(state: usize, counterAt: usize): bool {
  const counter = load<u64>(counterAt);
  if (counter >= REJECT_AFTER_MESSAGES) return false;
  const held = state + 8 + <usize>(WINDOW_WORDS << 3);
  lock(held);
  const accepted = enterWindow(state, counter + 1);
  unlock(held);
  return accepted;
}

function enterWindow(state: usize, mine: u64): bool {
  const highest = load<u64>(state);
  if (mine + (WINDOW_WORDS - 1) * 64 < highest) return false;
  const word = mine >> 6;
  if (mine > highest) {
    const from = highest >> 6;
    const steps = min<u64>(word - from, WINDOW_WORDS);
    for (let step: u64 = 1; step <= steps; step++) {
      store<u64>(state + 8 + <usize>(((from + step) & (WINDOW_WORDS - 1)) << 3), 0);
    }
    store<u64>(state, mine);
  }
  const at = state + 8 + <usize>((word & (WINDOW_WORDS - 1)) << 3);
  const bit: u64 = (<u64>1) << (mine & 63);
  const bits = load<u64>(at);
  if ((bits & bit) !== 0) return false;
  store<u64>(at, bits | bit);
  return true;
}

// --- from the network: inner packets ---------------------------------------------------------------------------------

/** `version << 16 | length` of the packet by its own header, 0 if there is none within `length` bytes. */
export function inspect(ip: usize, length: u32): u32 {
  if (length < 20) return 0;
  const first = <u32>load<u8>(ip);
  if (first >> 4 === 4) {
    const header = (first & 15) << 2;
    const total = <u32>bswap<u16>(load<u16>(ip, 2));
    return header < 20 || total < header || total > length ? 0 : (4 << 16) | total;
  }
  if (first >> 4 === 6) {
    const total: u32 = 40 + <u32>bswap<u16>(load<u16>(ip, 4));
    return length < 40 || total > length || total > 65535 ? 0 : (6 << 16) | total;
  }
  return 0;
}

/** RFC 6040, 4.2 for an outer CE: an inner packet that may carry the mark gets it. */
export function markCongestion(ip: usize): void {
  if (<u32>load<u8>(ip) >> 4 === 4) {
    const tos = load<u8>(ip, 1);
    const ecn = tos & 3;
    if (ecn === 0 || ecn === 3) return;
    store<u8>(ip, tos | 3, 1);
    writeIpv4Checksum(ip, (<u32>load<u8>(ip) & 15) << 2);
  } else {
    const byte = load<u8>(ip, 1);
    const ecn = (byte >> 4) & 3;
    if (ecn !== 0 && ecn !== 3) store<u8>(ip, byte | 0x30, 1);
  }
}

// --- towards the interface: joining segments into a superpacket ------------------------------------------------------

let base: u64 = 0;
let vectors: usize = 0;
let joinUdp: bool = false;

let runIp: usize = 0;
let runVersion: u32 = 0;
let runProtocol: u32 = 0;
let runTransport: u32 = 0;
let runHeader: u32 = 0;
let runSize: u32 = 0;
let runPayload: u32 = 0;
let runCount: u32 = 0;
let runNext: u32 = 0;
let runPush: bool = false;
let runClosed: bool = false;

/** Where this memory lies in the process. */
export function locate(address: u64): void {
  base = address;
}

/** `iovecs`: room for the vectors of a run; `udp`: join UDP as well. */
export function configureRuns(iovecs: usize, udp: bool): void {
  vectors = iovecs;
  joinUdp = udp;
}

function vector(index: u32, address: usize, length: u32): void {
  const at = vectors + ((<usize>index) << 4);
  store<u64>(at, base + <u64>address);
  store<u64>(at, <u64>length, 8);
}

/** The virtio-net header lies in the ten bytes before a packet. */
const VNET: u32 = 10;

/**
 * Offers the packet of `length` bytes at `ip` (as long as its header says) to the run. 2: it joined; 1: it starts a run
 * of its own; 0: it goes alone. For 1 and 0 the run before must be written and `startRun` called.
 */
export function offer(ip: usize, length: u32): u32 {
  const version = <u32>load<u8>(ip) >> 4;
  let protocol: u32;
  let transport: u32;
  if (version === 4) {
    if ((load<u8>(ip) & 15) !== 5 || (load<u16>(ip, 6) & 0xff3f) !== 0) return 0; // options; more fragments or an offset
    if (fold(sum(ip, 20, 0)) !== 0xffff) return 0; // it would be written anew
    protocol = <u32>load<u8>(ip, 9);
    transport = 20;
  } else {
    protocol = <u32>load<u8>(ip, 6);
    transport = 40;
  }
  let header: u32;
  if (protocol === TCP) {
    if (length < transport + 20) return 0;
    header = transport + ((<u32>load<u8>(ip + transport, 12) >> 4) << 2);
    if (header < transport + 20 || (load<u8>(ip + transport, 13) & 0xf7) !== 0x10) return 0; // ACK, PSH and nothing else
  } else if (protocol === UDP && joinUdp) {
    header = transport + 8;
    if (length < header || <u32>bswap<u16>(load<u16>(ip + transport, 4)) !== length - transport) return 0;
    if (load<u16>(ip + transport, 6) === 0) return 0;
  } else {
    return 0;
  }
  if (header >= length) return 0;
  const seed = pseudoHeader(ip, version, protocol, length - transport);
  if (fold(sum(ip + transport, length - transport, seed)) !== 0xffff) return 0;
  const payload = length - header;
  if (!continues(ip, version, protocol, header, payload)) {
    nextIp = ip;
    nextVersion = version;
    nextProtocol = protocol;
    nextTransport = transport;
    nextHeader = header;
    nextPayload = payload;
    return 1;
  }
  vector(runCount, ip + header, payload);
  runCount += 1;
  runPayload += payload;
  runNext += payload;
  if (payload < runSize) runClosed = true;
  if (protocol === TCP && (load<u8>(ip + transport, 13) & 8) !== 0) {
    runPush = true;
    runClosed = true;
  }
  return 2;
}

let nextIp: usize = 0;
let nextVersion: u32 = 0;
let nextProtocol: u32 = 0;
let nextTransport: u32 = 0;
let nextHeader: u32 = 0;
let nextPayload: u32 = 0;

function continues(ip: usize, version: u32, protocol: u32, header: u32, payload: u32): bool {
  if (runCount === 0 || runClosed || version !== runVersion || protocol !== runProtocol || header !== runHeader) {
    return false;
  }
  if (payload > runSize || runHeader + runPayload + payload > 65535 || runCount >= 64) return false;
  const transport = runTransport;
  if (version === 4) {
    // Type of service, DF, time to live, addresses.
    if (load<u8>(ip, 1) !== load<u8>(runIp, 1) || load<u8>(ip, 6) !== load<u8>(runIp, 6)) return false;
    if (load<u8>(ip, 8) !== load<u8>(runIp, 8) || load<u64>(ip, 12) !== load<u64>(runIp, 12)) return false;
  } else {
    // Traffic class and flow label, hop limit, addresses.
    if (load<u32>(ip) !== load<u32>(runIp) || load<u8>(ip, 7) !== load<u8>(runIp, 7)) return false;
    const source = v128.xor(v128.load(ip, 8), v128.load(runIp, 8));
    if (v128.any_true(v128.or(source, v128.xor(v128.load(ip, 24), v128.load(runIp, 24))))) return false;
  }
  const mine = ip + transport;
  const first = runIp + transport;
  if (load<u32>(mine) !== load<u32>(first)) return false; // ports
  if (protocol === UDP) return true;
  if (bswap<u32>(load<u32>(mine, 4)) !== runNext || load<u32>(mine, 8) !== load<u32>(first, 8)) return false;
  for (let offset: u32 = 20; offset < header - transport; offset += 4) {
    if (load<u32>(mine + offset) !== load<u32>(first + offset)) return false;
  }
  return true;
}

/** Begins with the packet that `offer` answered 1 for (`joinable`), or with one that goes alone. */
export function startRun(ip: usize, length: u32, joinable: bool): void {
  runIp = ip;
  runCount = 1;
  runPush = false;
  vector(0, ip - VNET, VNET + length);
  if (!joinable) {
    runClosed = true;
    return;
  }
  runVersion = nextVersion;
  runProtocol = nextProtocol;
  runTransport = nextTransport;
  runHeader = nextHeader;
  runSize = nextPayload;
  runPayload = nextPayload;
  runNext = bswap<u32>(load<u32>(nextIp + nextTransport, 4)) + nextPayload;
  runClosed = runProtocol === TCP && (load<u8>(nextIp + nextTransport, 13) & 8) !== 0;
}

/** Writes the virtio-net header, and for several segments the superpacket's headers. How many vectors to write. */
export function finishRun(): u32 {
  const count = runCount;
  runCount = 0;
  if (count === 0) return 0;
  const vnet = runIp - VNET;
  store<u64>(vnet, 0);
  store<u16>(vnet, 0, 8);
  if (count === 1) return 1;
  const tcp = runProtocol === TCP;
  const length = runHeader + runPayload;
  if (runVersion === 4) {
    store<u16>(runIp, bswap<u16>(<u16>length), 2);
    writeIpv4Checksum(runIp, 20);
  } else {
    store<u16>(runIp, bswap<u16>(<u16>(length - 40)), 4);
  }
  const segment = runIp + runTransport;
  if (tcp) {
    if (runPush) store<u8>(segment, load<u8>(segment, 13) | 8, 13);
  } else {
    store<u16>(segment, bswap<u16>(<u16>(length - runTransport)), 4);
  }
  const field: u32 = tcp ? 16 : 6;
  store<u16>(segment + field, <u16>fold(pseudoHeader(runIp, runVersion, runProtocol, length - runTransport)));
  store<u8>(vnet, 1); // NEEDS_CSUM: every segment's checksum was verified in `offer`
  store<u8>(vnet, tcp ? (runVersion === 4 ? 1 : 4) : 5, 1); // TCPV4, TCPV6, UDP_L4
  store<u16>(vnet, <u16>runHeader, 2);
  store<u16>(vnet, <u16>runSize, 4);
  store<u16>(vnet, <u16>runTransport, 6);
  store<u16>(vnet, <u16>field, 8);
  return count;
}

/** One entry of a vector for `writev`, `sendmsg` or a message header: the process's address of an offset. */
export function writePointer(at: usize, offset: usize): void {
  store<u64>(at, base + <u64>offset);
}
