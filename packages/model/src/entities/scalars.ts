import { z } from 'zod';
import { parseAddress, parseHostPort, parseNetwork } from '../address.ts';

export const timestamp = z.iso.datetime().describe('UTC, RFC 3339, with milliseconds');
export const id = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[a-z]+_[0-9a-z]+$/, 'an id such as res_01…');

/** One DNS label: what a service, site or gateway is called. */
export const label = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, 'lower-case letters, digits and inner hyphens');

/** A full host name, lower case, without a trailing dot. `*.` may stand first. */
export const hostname = z
  .string()
  .min(1)
  .max(253)
  .regex(
    /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    'a host name such as app.example.com or *.example.com',
  );

/** ISO 3166-1, such as `CH`. */
export const countryCode = z.string().regex(/^[A-Z]{2}$/, 'two capital letters such as CH');

export const port = z.int().min(1).max(65535);
export const email = z.email().max(254).toLowerCase();
export const displayName = z.string().trim().min(1).max(120);
export const groupName = label;

/** Names that group resources, sites and devices, such as `prod` or `payroll`. */
export const segments = z.array(label).max(50);

export const hostPort = z
  .string()
  .max(300)
  .refine((text) => parseHostPort(text) !== null, 'host:port, with an IPv6 address in brackets');

export const network = z
  .string()
  .max(60)
  .refine((text) => parseNetwork(text) !== null, 'an address or a network such as 192.0.2.0/24');

export const address = z
  .string()
  .max(60)
  .refine((text) => parseAddress(text) !== null, 'an IP address');

/** `host:port` or `unix:/path`. */
export const targetAddress = z
  .string()
  .max(300)
  .refine((text) => /^unix:\/[^\0]+$/.test(text) || parseHostPort(text) !== null, 'host:port or unix:/path');

/**
 * What a site reaches: `db.corp:5432`, `*.corp:*`, `10.0.0.0/8:5432`. The port may be `*`. A network matches only
 * destinations that are written as an address; names are matched as names, so that DNS cannot widen a rule.
 */
export const destination = z
  .string()
  .max(300)
  .refine((text) => {
    const colon = text.lastIndexOf(':');
    if (colon <= 0) return false;
    const tail = text.slice(colon + 1);
    if (tail !== '*' && (!/^\d{1,5}$/.test(tail) || Number(tail) < 1 || Number(tail) > 65535)) return false;
    const head = text.slice(0, colon).replace(/^\[(.*)\](\/\d+)?$/, '$1$2');
    return head === '*' || parseNetwork(head) !== null || hostname.safeParse(head).success;
  }, 'host:port, *.domain:port or network:port; the port may be *');

/** Who: `ann@example.com`, `group:dev`, `role:owner`. */
export const principal = z
  .string()
  .max(260)
  .refine(
    (text) =>
      text.startsWith('group:')
        ? groupName.safeParse(text.slice(6)).success
        : text.startsWith('role:')
          ? label.safeParse(text.slice(5)).success
          : z.email().safeParse(text).success && text === text.toLowerCase(),
    'an e-mail address in lower case, group:NAME or role:NAME',
  );

/** A public key as JWK. Private members are not part of the schema and are refused. */
export const publicJwk = z.strictObject({
  kty: z.enum(['OKP', 'EC', 'RSA']),
  kid: z.string().min(1).max(128),
  alg: z.string().max(16).optional(),
  use: z.string().max(8).optional(),
  crv: z.string().max(16).optional(),
  x: z.string().max(1024).optional(),
  y: z.string().max(1024).optional(),
  n: z.string().max(2048).optional(),
  e: z.string().max(16).optional(),
});
export type PublicJwk = z.infer<typeof publicJwk>;
