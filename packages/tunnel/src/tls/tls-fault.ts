import { Fault, type FaultSide } from '@zeronaut/model';
import { type OpenSsl, X509_V_OK } from './openssl.ts';

/** Of x509_vfy.h: why a certificate was not taken. */
const CERTIFICATE_CODES: Readonly<Record<number, string>> = {
  2: 'tls.certificate_unknown_authority',
  7: 'tls.certificate_invalid',
  9: 'tls.certificate_not_yet_valid',
  10: 'tls.certificate_expired',
  18: 'tls.certificate_unknown_authority',
  19: 'tls.certificate_unknown_authority',
  20: 'tls.certificate_unknown_authority',
  21: 'tls.certificate_unknown_authority',
  26: 'tls.certificate_wrong_purpose',
  62: 'tls.certificate_wrong_name',
};

/** Of sslerr.h. From 1000 on: the other end's alert (RFC 8446, section 6) and 1000. */
const REASON_CODES: Readonly<Record<number, string>> = {
  155: 'tls.plain_text',
  156: 'tls.plain_text',
  199: 'tls.certificate_missing',
  235: 'tls.no_common_protocol',
  258: 'tls.version',
  267: 'tls.plain_text',
  294: 'tls.truncated',
  1042: 'tls.certificate_refused',
  1043: 'tls.certificate_refused',
  1044: 'tls.certificate_refused',
  1045: 'tls.certificate_refused',
  1046: 'tls.certificate_refused',
  1048: 'tls.certificate_refused',
  1070: 'tls.version',
  1116: 'tls.certificate_refused',
  1120: 'tls.no_common_protocol',
};
const CERTIFICATE_VERIFY_FAILED = 134;
/** `ERR_GET_REASON` of err.h. */
const REASON_MASK = 0x7f_ffff;

/**
 * Why TLS failed, from the last error that OpenSSL keeps for this thread, which is forgotten then. `tls.certificate_*` is about
 * the other end's certificate, except `tls.certificate_refused`: the other end does not take ours.
 */
export function tlsFault(openssl: OpenSsl, ssl: number, side: FaultSide): Fault {
  const error = openssl.ERR_peek_last_error();
  const reason = error & REASON_MASK;
  const text = openssl.ERR_reason_error_string(error) ?? 'no reason was given';
  openssl.ERR_clear_error();
  const verified = openssl.SSL_get_verify_result(ssl);
  if (reason === CERTIFICATE_VERIFY_FAILED && verified !== X509_V_OK) {
    const why = openssl.X509_verify_cert_error_string(verified);
    return new Fault(CERTIFICATE_CODES[verified] ?? 'tls.certificate_invalid', { side, message: `TLS: ${why}` });
  }
  return new Fault(REASON_CODES[reason] ?? 'tls.failed', { side, message: `TLS: ${text}` });
}

/** The code of a fault of TLS; null of anything else. */
export function tlsCode(error: unknown): string | null {
  return error instanceof Fault && error.code.startsWith('tls.') ? error.code : null;
}
