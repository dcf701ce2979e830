/** WireGuard interfaces, apart from the rest: gateway and agent need none of it, and it takes its memory. */
export {
  type InterfaceOptions,
  startWireguardInterface,
  type WireguardInterface,
} from './wireguard/interface.ts';
export {
  formatQuickFile,
  MAX_QUICK_FILE_BYTES,
  parseQuickFile,
  type QuickFile,
  type QuickInterface,
  type QuickPeer,
  type QuickProblem,
} from './wireguard/quick-file.ts';
export { formatNetwork, parseBase64Key } from './wireguard/text-values.ts';
export { listUapi, readUapi, UAPI_DIRECTORY } from './wireguard/uapi-socket.ts';
export { clampPrivateKey, importDhKeyPair } from './wireguard/x25519.ts';
