import { type GatewayFile, HTTP_LIMITS } from '@zeronaut/model';
import type { Path } from './yaml-source.ts';

export interface Finding {
  readonly path: Path;
  readonly message: string;
}

/** What no schema of one value sees: values that contradict one another. */
export function checkAcross(file: GatewayFile): Finding[] {
  const findings: Finding[] = [];
  const add = (path: Path, message: string): void => {
    findings.push({ path, message });
  };
  const unique = (what: string) => {
    const seen = new Set<string>();
    return (path: Path, value: string): void => {
      if (seen.has(value)) add(path, `expected each ${what} once, "${value}" was used above`);
      seen.add(value);
    };
  };

  const addresses = unique('address');
  const listen = (path: Path, address: string): void => {
    const port = Number(address.slice(address.lastIndexOf(':') + 1));
    if (port > 65_535) add(path, `expected a port of at most 65535, got ${port}`);
    // Port 0 is another one each time.
    if (port !== 0) addresses(path, address);
  };
  for (const [i, listener] of file.listeners.entries()) {
    listen(['listeners', i, 'address'], listener.address);
    if (listener.protocol === 'https' && listener.redirectToHttps !== undefined) {
      add(['listeners', i, 'redirectToHttps'], 'expected only on a listener of protocol http');
    }
  }
  listen(['management', 'address'], file.management.address);
  if (file.console !== undefined) {
    listen(['tunnel', 'address'], file.tunnel.address);
    if (file.console.token !== undefined && file.console.tokenFile !== undefined) {
      add(['console', 'tokenFile'], 'expected either "token" or "tokenFile"');
    }
  }

  const certificateHosts = unique('host');
  for (const [i, certificate] of file.certificates.entries()) {
    for (const [j, host] of certificate.hosts.entries()) certificateHosts(['certificates', i, 'hosts', j], host);
  }

  const names = unique('name');
  const domains = unique('domain');
  const ports = unique('port of a protocol');
  for (const [i, resource] of file.resources.entries()) {
    const at = (...rest: PropertyKey[]): Path => ['resources', i, ...rest];
    names(at('name'), resource.name);
    for (const [j, domain] of resource.domains.entries()) domains(at('domains', j), domain);
    if (resource.protocol === 'http') {
      if (resource.domains.length === 0) add(at(), 'an http resource needs at least one entry in "domains"');
      if (resource.port !== null) add(at('port'), 'expected only with protocol tcp or udp');
    } else {
      if (resource.port === null) add(at(), `a ${resource.protocol} resource needs a "port"`);
      else ports(at('port'), `${resource.protocol} ${resource.port}`);
      if (resource.domains.length > 0) add(at('domains'), 'expected only with protocol http');
      const { host, request, response } = resource.headers;
      if (host !== null || request.length + response.length > 0) {
        add(at('headers'), 'expected only with protocol http');
      }
      for (const limit of HTTP_LIMITS) {
        if (resource.limits[limit] !== null) add(at('limits', limit), 'expected only with protocol http');
      }
      if (typeof resource.access !== 'string' && 'verificationKey' in resource.access) {
        add(at('access'), 'expected "public" or "addresses": a raw port has no bearer token');
      }
    }
    for (const [j, { action, value }] of resource.headers.request.entries()) {
      // With a console an absent secret is the one that is there; nothing is there here.
      if (action !== 'remove' && value === null) add(at('headers', 'request', j), 'expected a "value"');
    }
    if (typeof resource.access !== 'string' && 'verificationKey' in resource.access) {
      const key = resource.access.verificationKey;
      if ((key.publicKey === undefined) === (key.publicKeyFile === undefined)) {
        add(at('access', 'verificationKey'), 'expected either "publicKey" or "publicKeyFile"');
      }
    }
    for (const [j, target] of resource.targets.entries()) {
      const fits =
        resource.protocol === 'http'
          ? target.protocol === undefined || target.protocol === 'http' || target.protocol === 'https'
          : target.protocol === undefined || target.protocol === resource.protocol;
      if (!fits) {
        const expected = resource.protocol === 'http' ? 'http or https' : resource.protocol;
        add(at('targets', j, 'protocol'), `expected ${expected} behind a resource of protocol ${resource.protocol}`);
      }
      if (resource.protocol === 'udp' && target.address.startsWith('unix:')) {
        add(at('targets', j, 'address'), 'expected host:port, a UDP target cannot be a Unix socket');
      }
    }
  }
  return findings;
}
