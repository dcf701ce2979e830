import { createPrivateKey, X509Certificate } from 'node:crypto';
import { TLS_PROFILE, type TunnelCredentials } from '../link/tls-profile.ts';
import {
  addressOf,
  OPENSSL_NPN_NEGOTIATED,
  type OpenSsl,
  SSL_CTRL_CHAIN_CERT,
  SSL_CTRL_MODE,
  SSL_CTRL_SET_GROUPS_LIST,
  SSL_CTRL_SET_MAX_PROTO_VERSION,
  SSL_CTRL_SET_MIN_PROTO_VERSION,
  SSL_CTRL_SET_SESS_CACHE_MODE,
  SSL_MODE_RELEASE_BUFFERS,
  SSL_OP_CIPHER_SERVER_PREFERENCE,
  SSL_OP_NO_COMPRESSION,
  SSL_OP_NO_RENEGOTIATION,
  SSL_OP_NO_TICKET,
  SSL_SESS_CACHE_OFF,
  SSL_TLSEXT_ERR_ALERT_FATAL,
  SSL_TLSEXT_ERR_OK,
  SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
  SSL_VERIFY_PEER,
  TLS1_3_VERSION,
} from './openssl.ts';

export type TlsRole = 'server' | 'client';

/** What all connections with the same credentials have in common: `TLS_PROFILE`, who we are and who may be on the other end. */
export class TlsContext {
  readonly openssl: OpenSsl;
  readonly role: TlsRole;
  /** `SSL_CTX *`; 0 once it was freed. */
  pointer: number;

  /** Throws where OpenSSL cannot use the credentials. The context must be freed. */
  constructor(openssl: OpenSsl, role: TlsRole, credentials: TunnelCredentials, alpn: string) {
    this.openssl = openssl;
    this.role = role;
    this.pointer = openssl.SSL_CTX_new(role === 'server' ? openssl.TLS_server_method() : openssl.TLS_client_method());
    try {
      must(this.pointer !== 0, 'SSL_CTX_new');
      this.#setProfile();
      this.#setCredentials(credentials);
      this.#setAlpn(alpn);
    } catch (error) {
      this.free();
      throw error;
    } finally {
      openssl.ERR_clear_error();
    }
  }

  /** Connections that were made with it go on. */
  free(): void {
    if (this.pointer === 0) return;
    this.openssl.SSL_CTX_free(this.pointer);
    this.pointer = 0;
  }

  #setProfile(): void {
    const { openssl, pointer, role } = this;
    for (const bound of [SSL_CTRL_SET_MIN_PROTO_VERSION, SSL_CTRL_SET_MAX_PROTO_VERSION]) {
      must(openssl.SSL_CTX_ctrl(pointer, bound, TLS1_3_VERSION, 0) === 1, 'the version');
    }
    must(openssl.SSL_CTX_set_ciphersuites(pointer, TLS_PROFILE.ciphers) === 1, 'the ciphers');
    must(openssl.SSL_CTX_ctrlText(pointer, SSL_CTRL_SET_GROUPS_LIST, 0, TLS_PROFILE.ecdhCurve) === 1, 'the groups');
    openssl.SSL_CTX_set_options(
      pointer,
      SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE,
    );
    // Nothing to resume a session with, be it a ticket or an entry in a cache (see TLS_PROFILE).
    must(openssl.SSL_CTX_set_num_tickets(pointer, 0) === 1, 'no tickets');
    openssl.SSL_CTX_ctrl(pointer, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, 0);
    openssl.SSL_CTX_ctrl(pointer, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, 0);
    // OpenSSL itself then checks chain, dates and purpose of the other end's certificate, and ends the handshake if it must.
    const both = role === 'server' ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_PEER;
    openssl.SSL_CTX_set_verify(pointer, both, 0);
  }

  #setCredentials({ cert, key, ca }: TunnelCredentials): void {
    const { openssl, pointer, role } = this;
    // Node reads what is in the files: it refuses what OpenSSL would ask a person about on the terminal, such as a passphrase.
    const chain = readCertificates(cert);
    must(chain.length > 0, 'no certificate in the credentials');
    for (const [at, certificate] of chain.entries()) {
      this.#withCertificate(certificate, (x509) => {
        const taken =
          at === 0
            ? openssl.SSL_CTX_use_certificate(pointer, x509)
            : openssl.SSL_CTX_ctrl(pointer, SSL_CTRL_CHAIN_CERT, 1, x509);
        must(taken === 1, 'the certificate');
      });
    }
    const authorities = readCertificates(ca);
    must(authorities.length > 0, 'no authority in the credentials');
    const store = openssl.SSL_CTX_get_cert_store(pointer);
    for (const authority of authorities) {
      this.#withCertificate(authority, (x509) => {
        must(openssl.X509_STORE_add_cert(store, x509) === 1, 'the authority');
        if (role === 'server') must(openssl.SSL_CTX_add_client_CA(pointer, x509) === 1, 'the authority');
      });
    }
    this.#useKey(key);
  }

  #withCertificate(certificate: X509Certificate, use: (x509: number) => void): void {
    const { openssl } = this;
    const bio = openssl.BIO_new_mem_buf(certificate.raw, certificate.raw.length);
    const x509 = openssl.d2i_X509_bio(bio, 0);
    openssl.BIO_free(bio);
    must(x509 !== 0, 'the certificate');
    try {
      use(x509);
    } finally {
      openssl.X509_free(x509);
    }
  }

  #useKey(pem: string): void {
    const { openssl, pointer } = this;
    const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
    const bio = openssl.BIO_new_mem_buf(der, der.length);
    const key = openssl.d2i_PrivateKey_bio(bio, 0);
    openssl.BIO_free(bio);
    der.fill(0);
    must(key !== 0, 'the key');
    const taken = openssl.SSL_CTX_use_PrivateKey(pointer, key);
    openssl.EVP_PKEY_free(key);
    must(taken === 1 && openssl.SSL_CTX_check_private_key(pointer) === 1, 'the key is not that of the certificate');
  }

  #setAlpn(alpn: string): void {
    const { openssl, pointer, role } = this;
    const list = protocolList(alpn);
    if (role === 'client') {
      // The one function of OpenSSL that answers 0 when all is well.
      const protocols = protocolLists[list]!;
      must(openssl.SSL_CTX_set_alpn_protos(pointer, protocols, protocols.length) === 0, 'the protocol');
      return;
    }
    selectProtocol ??= openssl.registerAlpnSelect((_ssl, out, outBytes, peers, peersBytes, argument) => {
      const own = protocolLists[argument];
      if (own === undefined) return SSL_TLSEXT_ERR_ALERT_FATAL;
      const found = openssl.SSL_select_next_proto(out, outBytes, addressOf(own), own.length, peers, peersBytes);
      return found === OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
    });
    openssl.SSL_CTX_set_alpn_select_cb(pointer, selectProtocol, list);
  }
}

/** One for all servers of the process: the argument says which. */
let selectProtocol: unknown;
/** What was ever spoken, as it is on the wire. Kept for good: handshakes under way refer to it, and there are only a few. */
const protocolLists: Buffer[] = [];

function protocolList(alpn: string): number {
  const list = Buffer.concat([Buffer.of(alpn.length), Buffer.from(alpn, 'latin1')]);
  const known = protocolLists.findIndex((other) => other.equals(list));
  return known >= 0 ? known : protocolLists.push(list) - 1;
}

function readCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

function must(done: boolean, what: string): void {
  if (!done) throw new Error(`OpenSSL does not take ${what}`);
}
