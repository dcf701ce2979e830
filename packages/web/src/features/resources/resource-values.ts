import { NO_HEADER_RULES, NO_LIMITS, type ResourceInput } from '@zeronaut/model';

export const NEW_TARGET: ResourceInput['targets'][number] = {
  address: '',
  agent: null,
  protocol: 'http',
  weight: 1,
  healthCheck: null,
  tlsVerify: true,
  tlsServerName: null,
};

export const NEW_RESOURCE: ResourceInput = {
  name: '',
  protocol: 'http',
  domains: [],
  port: null,
  access: { mode: 'login', allow: [], addresses: [], basic: [], tokens: null },
  targets: [NEW_TARGET],
  proxyProtocol: 'none',
  headers: NO_HEADER_RULES,
  limits: NO_LIMITS,
  balancing: 'weighted',
  enabled: true,
};

/** What the form for a new resource begins with: nothing, or what was discovered behind an agent. */
export function newResource(found: {
  readonly agent?: string;
  readonly address?: string;
  readonly kind?: string;
  readonly name?: string;
}): ResourceInput {
  const { agent, address, kind, name = '' } = found;
  if (agent === undefined || address === undefined) return NEW_RESOURCE;
  const isHttp = kind === 'http' || kind === 'https';
  return {
    ...NEW_RESOURCE,
    name,
    protocol: isHttp ? 'http' : 'tcp',
    // Nobody has a certificate for a loopback address.
    targets: [{ ...NEW_TARGET, agent, address, protocol: isHttp ? kind : 'tcp', tlsVerify: kind !== 'https' }],
  };
}

/** What the protocol does not have is not sent, whatever was typed before it was changed. */
export function fitting(values: ResourceInput): ResourceInput {
  const isHttp = values.protocol === 'http';
  return {
    ...values,
    domains: isHttp ? values.domains : [],
    port: isHttp ? null : values.port,
    headers: isHttp ? values.headers : NO_HEADER_RULES,
    limits: isHttp ? values.limits : { ...values.limits, bodyBytes: null, responseTimeoutMs: null },
    targets: values.targets.map(({ protocol, ...target }) => ({
      ...target,
      ...(isHttp && (protocol === 'http' || protocol === 'https') && { protocol }),
      tlsServerName: target.tlsServerName || null,
    })),
  };
}
