import type { Resource, RouteResponse, Routes } from '@zeronaut/model';

type Gateway = RouteResponse<Routes['gateways.list']>['items'][number];

/** Where a resource answers: `https://…`, or `host:port` of a raw port, by gateway. */
export function addressesOf(
  { name, port, domains }: Pick<Resource, 'name' | 'port' | 'domains'>,
  gateways: readonly Pick<Gateway, 'status' | 'publicHost' | 'baseDomain' | 'httpsPort'>[],
): readonly string[] {
  return gateways
    .filter(({ status }) => status === 'active')
    .flatMap(({ publicHost, baseDomain, httpsPort }) =>
      port !== null
        ? [`${publicHost}:${port}`]
        : [`${name}.${baseDomain}`, ...domains].map(
            (host) => `https://${host}${httpsPort === 443 ? '' : `:${httpsPort}`}`,
          ),
    );
}
