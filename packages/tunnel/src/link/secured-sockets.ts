import type { X509Certificate } from 'node:crypto';
import type { Fault } from '@zeronaut/model';
import { sharedReadiness } from '../sockets/readiness.ts';
import type { ByteStream } from '../stream/byte-stream.ts';
import { loadOpenSsl } from '../tls/openssl.ts';
import { dialNodeTls, NodeTlsPort } from './node-tls.ts';
import { dialOpenSsl, OpenSslPort } from './openssl-sockets.ts';
import type { TunnelCredentials } from './tls-profile.ts';

/**
 * TCP and TLS of a link's two ends, by whichever engine this process has: OpenSSL's functions over our own sockets, or Node's
 * `tls`. Both speak `TLS_PROFILE`, and take only a peer whose certificate is of our authorities.
 */

/** A link with a verified peer. The stream is paused. */
export interface SecuredLink {
  readonly stream: ByteStream;
  readonly certificate: X509Certificate;
  /** Null: the peer named none. */
  readonly alpn: string | null;
}

/** Exactly one of the two, once, never within the call that asks for it. */
export type SecuredDone = (link: SecuredLink | null, fault: Fault | null) => void;

/** An accepted connection. Until `secure` nothing of it is read. */
export interface AcceptedSocket {
  readonly address: string;
  readonly port: number;
  /** Closes it at once, whatever it has become. `secure` is not done after that. */
  destroy(): void;
  /** One callback at most, whoever handles the stream by then. */
  whenClosed(callback: () => void): void;
  secure(done: SecuredDone): void;
}

export interface SecuredPort {
  /** Resolves with the port that is bound. Rejects with the error of the system. */
  start(): Promise<number>;
  /** For connections accepted from now on. Throws where OpenSSL cannot use them; then the old ones stay. */
  setCredentials(credentials: TunnelCredentials): void;
  /** No new connections; those that there are stay. */
  stop(): Promise<void>;
}

export interface SecuredPortOptions extends TunnelCredentials {
  readonly host: string;
  readonly port: number;
  readonly alpn: string;
  onAccept(socket: AcceptedSocket): void;
}

export interface SecuredDialOptions extends TunnelCredentials {
  readonly host: string;
  readonly port: number;
  readonly servername: string;
  readonly alpn: string;
}

/** Throws where OpenSSL cannot use the credentials. */
export function createSecuredPort(options: SecuredPortOptions): SecuredPort {
  const openssl = sharedReadiness() === null ? null : loadOpenSsl();
  return openssl === null ? new NodeTlsPort(options) : new OpenSslPort(openssl, options);
}

/** Throws where OpenSSL cannot use the credentials. Returns how to give up; `done` is not called after that. */
export function dialSecured(options: SecuredDialOptions, done: SecuredDone): () => void {
  const openssl = sharedReadiness() === null ? null : loadOpenSsl();
  return openssl === null ? dialNodeTls(options, done) : dialOpenSsl(openssl, options, done);
}
