import type { ServiceView } from '@zeronaut/model';
import { accessSummary } from './access-summary.ts';
import type { Output } from './output.ts';

export interface Exposed {
  readonly service: ServiceView;
  /** What is published, as this machine dials it. */
  readonly address: string;
  readonly shareUrls: readonly string[];
  readonly certificateAuthorityFile: string;
}

/** What a person must know of a service that is up: where it is, who may use it, and what is left to do. */
export function printExposed(output: Output, exposed: Exposed): void {
  const { service, address, shareUrls, certificateAuthorityFile } = exposed;
  const isPublic = service.access.mode === 'public';
  output.event('ready', {
    id: service.id,
    name: service.name,
    protocol: service.protocol,
    target: address,
    urls: service.urls,
    dns: service.dns,
    public: isPublic,
    access: accessSummary(service),
    gateways: service.gateways.map(({ name }) => name),
    portals: portalsOf(service),
    certificateAuthority: certificateAuthorityFile,
  });
  if (shareUrls.length > 0) output.event('link', { urls: shareUrls });

  output.line();
  for (const url of service.urls) output.line(`  ${output.style('green', url)}  →  ${address}`);
  output.line();
  for (const text of accessSummary(service)) {
    output.line(`  Access  ${isPublic ? output.style('yellow', text) : text}`);
  }
  for (const url of portalsOf(service)) output.line(`  Portal  ${url}  (sign in there and authorise your address)`);
  for (const url of shareUrls) output.line(`  Share   ${url}`);
  for (const record of dnsAdvice(service)) output.line(`  DNS     ${record}`);
  const url = service.urls[0];
  if (service.protocol === 'http' && url !== undefined) {
    output.line(`  Trust   certificates come from your own CA: ${certificateAuthorityFile}`);
    output.line(output.style('dim', `          curl --cacert ${certificateAuthorityFile} ${url}`));
  }
  output.line();
  output.line(output.style('dim', '  Requests are shown below. Ctrl-C stops.'));
}

/** Where people open a raw port to the address they come from; none where there is nothing to open. */
export function portalsOf({ protocol, access, gateways }: ServiceView): readonly string[] {
  if (protocol === 'http' || access.mode === 'public') return [];
  return [...new Set(gateways.flatMap(({ portalUrl }) => portalUrl ?? []))];
}

/** The records that the service's names need, or what they would be: names below localhost resolve by themselves. */
export function dnsAdvice(service: ServiceView): readonly string[] {
  if (service.protocol !== 'http' || service.urls.length === 0 || service.dns.length > 0) return service.dns;
  return ['none needed for localhost; a real base domain needs  *.example.com  A  <gateway address>'];
}
