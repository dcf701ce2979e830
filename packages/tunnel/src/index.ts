/** How bytes travel between two of our programs. Knows nothing of the product. */
export { Backoff, type BackoffOptions } from './link/backoff.ts';
export { createTunnelDialer, type TunnelDialer, type TunnelDialerOptions } from './link/dialer.ts';
export {
  createTunnelListener,
  type PeerDecision,
  type TunnelListener,
  type TunnelListenerOptions,
  type TunnelPeer,
} from './link/listener.ts';
export { type PeerCertificate, readPeerCertificate } from './link/peer-certificate.ts';
export { TLS_PROFILE, type TunnelCredentials } from './link/tls-profile.ts';
export {
  createDatagramStream,
  type DatagramHandler,
  type DatagramStream,
  MAX_DATAGRAM_BYTES,
} from './mux/datagram-stream.ts';
export { MUX_LIMITS, type MuxLimits } from './mux/mux-limits.ts';
export { createMuxSession, type MuxSession, type MuxSessionOptions } from './mux/mux-session.ts';
export type { MuxStream } from './mux/mux-stream.ts';
export { MAX_CODE_BYTES, MAX_MESSAGE_BYTES, MAX_OPEN_HEADER_BYTES } from './mux/wire.ts';
export { type DialDone, dialSocket } from './sockets/dial-socket.ts';
export { type ConnectionEnds, type ListenOptions, listenSocket, type SocketListener } from './sockets/listen-socket.ts';
export * from './stream/byte-stream.ts';
export { corkTurn } from './stream/cork-turn.ts';
export * from './stream/direct-reads.ts';
export * from './stream/pipe-pair.ts';
export { ownCopy } from './stream/read-garbage.ts';
export { type SocketStreamOptions, socketFault, socketStream } from './stream/socket-stream.ts';
export { type SpliceOptions, splice } from './stream/splice.ts';
