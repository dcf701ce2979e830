import type { Endpoint } from './data-plane.ts';
import type { QuickFile } from './quick-file.ts';

/** Who runs an interface: WireGuard of the kernel, or our own protocol and packet path over a TUN interface. */
export type BackendName = 'kernel' | 'typescript';

export interface BackendSettings {
  /** Of the interface, at most 15 characters. */
  readonly name: string;
  readonly file: QuickFile;
  /** Of the file's peers, in their order, resolved. */
  readonly endpoints: readonly (Endpoint | undefined)[];
  /** Of inner packets, bytes. */
  readonly mtu: number;
  /** 0: off. */
  readonly fwmark: number;
  /** Pairs of packet threads; a kernel has none. Default: as many as fit the machine. */
  readonly lanes?: number;
  /** Where a control socket is made, if one is; default UAPI_DIRECTORY. */
  readonly uapiDirectory?: string;
  /** The interface is gone or cannot go on; close what is left. */
  readonly onFailed: (error: Error) => void;
}

/**
 * An interface that is made, configured, and not yet up: addresses and routes are the caller's, the same for every backend.
 * A userspace network stack would be one more (`createPlane` of the engine takes packets from wherever they come, see
 * `memory-plane.ts`); utun and wintun have their place in `os/tun.ts`.
 */
export interface BackendDevice {
  readonly backend: BackendName;
  /** UDP port that is listened on. */
  readonly port: number;
  /** Called when addresses and routes are there: what must not be said before is said now. */
  begin(): void;
  /** Takes the interface away, and overwrites its keys. */
  close(): Promise<void>;
}
