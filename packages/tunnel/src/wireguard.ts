/** WireGuard interfaces, apart from the rest: gateway and agent need none of it, and it takes its memory. */
export type { BackendName } from './wireguard/backend.ts';
export {
  type InterfaceOptions,
  startWireguardInterface,
  type WireguardInterface,
} from './wireguard/interface.ts';
export type { InterfaceState, PeerState } from './wireguard/interface-state.ts';
export { kernelHasWireguard, listInterfaces, readInterface } from './wireguard/interfaces.ts';
export {
  formatQuickFile,
  MAX_QUICK_FILE_BYTES,
  parseQuickFile,
  type QuickFile,
  type QuickInterface,
  type QuickPeer,
  type QuickProblem,
} from './wireguard/quick-file.ts';
export { formatEndpoint, formatNetwork, parseBase64Key } from './wireguard/text-values.ts';
export { clampPrivateKey, importDhKeyPair } from './wireguard/x25519.ts';
