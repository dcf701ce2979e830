/**
 * Generic netlink (Linux, include/uapi/linux/netlink.h and genetlink.h): requests to a family of the kernel, and their
 * answers. Calls block, as the kernel answers at once. Numbers are in the machine's order, which is little endian here.
 */
import { bind, closeFile, errorNamed, receiveFrom, sendBytes, setsockopt, socket, systemError } from './libc.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_GENERIC = 16;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const ANSWER_SECONDS = 10;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_DUMP = 0x300;
const NLM_F_DUMP_INTR = 0x10;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;
const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;

const GENL_ID_CTRL = 16;
const CTRL_CMD_GETFAMILY = 3;
const CTRL_ATTR_FAMILY_ID = 1;
const CTRL_ATTR_FAMILY_NAME = 2;

const HEADER_BYTES = 16;
const GENERIC_HEADER_BYTES = 4;
/** More than the kernel puts into one answer (32 KiB). */
const RECEIVE_BYTES = 1 << 17;
/** A list that changed while it was read is read anew so often. */
const DUMP_TRIES = 10;

/** An attribute: type, and payload of at most 65,531 bytes. */
export function attribute(type: number, payload: Uint8Array): Uint8Array {
  if (payload.length > 65_531) throw new RangeError(`an attribute of ${payload.length} bytes`);
  const bytes = new Uint8Array((4 + payload.length + 3) & ~3);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 4 + payload.length, true);
  view.setUint16(2, type, true);
  bytes.set(payload, 4);
  return bytes;
}

export function nested(type: number, children: readonly Uint8Array[]): Uint8Array {
  return attribute(type | NLA_F_NESTED, Buffer.concat(children));
}

export const u8 = (value: number) => Uint8Array.of(value);
export const u16 = (value: number) => new Uint8Array(Uint16Array.of(value).buffer);
export const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);
/** With its end. */
export const text = (value: string) => Buffer.from(`${value}\0`);

export interface Attribute {
  readonly type: number;
  readonly payload: DataView;
}

/** What stands in a row of attributes; ends where one does not fit. */
export function attributesOf(view: DataView): Attribute[] {
  const found: Attribute[] = [];
  let at = 0;
  while (at + 4 <= view.byteLength) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > view.byteLength) break;
    const type = view.getUint16(at + 2, true) & NLA_TYPE_MASK;
    found.push({ type, payload: new DataView(view.buffer, view.byteOffset + at + 4, length - 4) });
    at += (length + 3) & ~3;
  }
  return found;
}

export class GenericNetlink {
  readonly #fd: number;
  readonly #family: number;
  #sequence = 0;

  private constructor(fd: number, family: number) {
    this.#fd = fd;
    this.#family = family;
  }

  /** Undefined: the kernel has no such family, and no module that brings it. Throws where there is no netlink at all. */
  static open(family: string): GenericNetlink | undefined {
    const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    if (fd < 0) throw systemError('socket of netlink');
    try {
      const own = new Uint8Array(12);
      own[0] = AF_NETLINK;
      if (bind(fd, own, own.length) !== 0) throw systemError('bind of netlink');
      const timeout = new Uint8Array(BigInt64Array.of(BigInt(ANSWER_SECONDS), 0n).buffer);
      for (const option of [SO_RCVTIMEO, SO_SNDTIMEO]) {
        if (setsockopt(fd, SOL_SOCKET, option, timeout, timeout.length) !== 0) throw systemError('setsockopt');
      }
      // Older kernels do not know them; then there are no words with an error.
      for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK]) setsockopt(fd, SOL_NETLINK, option, u32(1), 4);
      const control = new GenericNetlink(fd, GENL_ID_CTRL);
      const id = control.#familyId(family);
      if (id !== undefined) return new GenericNetlink(fd, id);
    } catch (error) {
      closeFile(fd);
      throw error;
    }
    closeFile(fd);
    return undefined;
  }

  close(): void {
    closeFile(this.#fd);
  }

  /** Throws an error with `code` if the kernel refuses. */
  request(command: number, attributes: readonly Uint8Array[]): void {
    this.#exchange(command, NLM_F_ACK, attributes, () => undefined);
  }

  /** The attributes of each message of the answer. */
  dump(command: number, attributes: readonly Uint8Array[]): Attribute[][] {
    for (let tries = 1; ; tries++) {
      const messages: Attribute[][] = [];
      const changed = this.#exchange(command, NLM_F_DUMP, attributes, (body) => {
        // The next part of the answer is received where this one lies.
        const { buffer, byteOffset, byteLength } = body;
        messages.push(attributesOf(new DataView(buffer.slice(byteOffset, byteOffset + byteLength))));
      });
      if (!changed) return messages;
      if (tries === DUMP_TRIES) throw errorNamed('EAGAIN', 'what the kernel listed kept changing');
    }
  }

  #familyId(name: string): number | undefined {
    let id: number | undefined;
    try {
      this.#exchange(CTRL_CMD_GETFAMILY, NLM_F_ACK, [attribute(CTRL_ATTR_FAMILY_NAME, text(name))], (body) => {
        const found = attributesOf(body).find(({ type }) => type === CTRL_ATTR_FAMILY_ID);
        if (found !== undefined && found.payload.byteLength >= 2) id = found.payload.getUint16(0, true);
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return id;
  }

  /** Whether the list changed while it was read. */
  #exchange(
    command: number,
    flags: number,
    attributes: readonly Uint8Array[],
    onMessage: (body: DataView) => void,
  ): boolean {
    const sequence = ++this.#sequence;
    const message = Buffer.concat([new Uint8Array(HEADER_BYTES + GENERIC_HEADER_BYTES), ...attributes]);
    message.writeUInt32LE(message.length, 0);
    message.writeUInt16LE(this.#family, 4);
    message.writeUInt16LE(NLM_F_REQUEST | flags, 6);
    message.writeUInt32LE(sequence, 8);
    message[HEADER_BYTES] = command;
    message[HEADER_BYTES + 1] = 1;
    const sent = sendBytes(this.#fd, message, message.length, 0);
    if (sent < 0) throw systemError('send to netlink');
    let changed = false;
    const buffer = new Uint8Array(RECEIVE_BYTES);
    for (;;) {
      const view = this.#receive(buffer);
      let at = 0;
      while (at + HEADER_BYTES <= view.byteLength) {
        const length = view.getUint32(at, true);
        if (length < HEADER_BYTES || at + length > view.byteLength) break;
        const type = view.getUint16(at + 4, true);
        const seen = view.getUint16(at + 6, true);
        const body = new DataView(view.buffer, at + HEADER_BYTES, length - HEADER_BYTES);
        const isOurs = view.getUint32(at + 8, true) === sequence;
        at += (length + 3) & ~3;
        if (!isOurs) continue;
        if ((seen & NLM_F_DUMP_INTR) !== 0) changed = true;
        if (type === NLMSG_ERROR || type === NLMSG_DONE) {
          const number = body.byteLength >= 4 ? -body.getInt32(0, true) : 0;
          if (number !== 0) throw errorNamed(number, wordsOf(body, type === NLMSG_ERROR, seen));
          return changed;
        }
        if (type === this.#family && body.byteLength >= GENERIC_HEADER_BYTES) {
          onMessage(new DataView(body.buffer, body.byteOffset + GENERIC_HEADER_BYTES, body.byteLength - 4));
        }
      }
    }
  }

  #receive(buffer: Uint8Array): DataView {
    for (;;) {
      const from = new Uint8Array(12);
      const length = receiveFrom(this.#fd, buffer, buffer.length, 0, from, u32(from.length));
      if (length < 0) throw systemError('receive from netlink');
      // Another process can send to our socket as well; the kernel is number 0.
      if (new DataView(from.buffer).getUint32(4, true) === 0) return new DataView(buffer.buffer, 0, length);
    }
  }
}

/** What the kernel says beside the number of an error. */
function wordsOf(body: DataView, isError: boolean, flags: number): string {
  const fallback = 'the kernel refuses it';
  if (!isError || (flags & NLM_F_ACK_TLVS) === 0) return fallback;
  const at = 4 + HEADER_BYTES;
  if (body.byteLength <= at) return fallback;
  const found = attributesOf(new DataView(body.buffer, body.byteOffset + at, body.byteLength - at));
  const words = found.find(({ type }) => type === NLMSGERR_ATTR_MSG)?.payload;
  if (words === undefined || words.byteLength < 2) return fallback;
  return Buffer.from(words.buffer, words.byteOffset, words.byteLength - 1).toString('latin1');
}
