import {
  foldHeaderName,
  type HeaderRules,
  type HeaderRulesInput,
  isSecretHeaderName,
  type SnapshotHeaderRules,
  type Target,
} from '@zeronaut/model';
import type { Sealer } from '../../authority/master-key.ts';
import { Refusal } from '../../store/refusal.ts';
import type { StoredResource } from './resource-rows.ts';

/**
 * Header rules as they are kept: what is shown, and apart from it the values of secrets, sealed, in the order of their rules. So
 * nothing that shows a resource can show one (decisions/0021).
 */
export interface KeptHeaders {
  readonly headers: HeaderRules;
  readonly headerSecrets: readonly string[];
}

const sealName = (resourceId: string) => `resource-header:${resourceId}`;

/**
 * A secret without a value means the one that is there, as long as it goes where it went: behind a new target it could be read by
 * whoever runs that one, so it has to be given again by somebody who has it.
 */
export function keepHeaders(
  sealer: Sealer,
  resourceId: string,
  input: HeaderRulesInput,
  targets: readonly Omit<Target, 'id'>[],
  before: StoredResource | null,
): KeptHeaders | Refusal {
  const known = knownSecrets(before);
  // Another Host can be another service behind the same address.
  const elsewhere =
    before !== null &&
    (before.headers.host !== input.host ||
      targets.some((target) => !before.targets.some((old) => isSame(old, target))));
  const headerSecrets: string[] = [];
  const request: HeaderRules['request'] = [];
  for (const [index, { action, name, value, ...rule }] of input.request.entries()) {
    const secret = action !== 'remove' && (rule.secret ?? isSecretHeaderName(name));
    request.push({ action, name, value: secret ? null : value, secret });
    if (!secret) continue;
    const sealed = known.get(foldHeaderName(name))?.shift();
    const refuse = (message: string) =>
      new Refusal('api.invalid', { errors: [{ path: `/headers/request/${index}/value`, message }] });
    if (value === null) {
      if (sealed === undefined) return refuse('a new secret needs its value');
      if (elsewhere) return refuse('it would go to another target or host: give it again');
      headerSecrets.push(sealed);
    } else {
      const unchanged = sealed !== undefined && sealer.open(sealName(resourceId), sealed) === value;
      headerSecrets.push(unchanged ? sealed : sealer.seal(sealName(resourceId), value));
    }
  }
  return { headers: { host: input.host, request, response: input.response }, headerSecrets };
}

/** By name, folded, in order: `add` may have several. */
function knownSecrets(before: StoredResource | null): Map<string, string[]> {
  const known = new Map<string, string[]>();
  let next = 0;
  for (const { name, secret } of before?.headers.request ?? []) {
    if (!secret) continue;
    const folded = foldHeaderName(name);
    known.set(folded, [...(known.get(folded) ?? []), before!.headerSecrets[next++]!]);
  }
  return known;
}

/** The same service, as surely known as before. */
function isSame(old: Target, wanted: Omit<Target, 'id'>): boolean {
  return (
    old.address === wanted.address &&
    old.deviceId === wanted.deviceId &&
    old.protocol === wanted.protocol &&
    old.tlsVerify === wanted.tlsVerify &&
    old.tlsServerName === wanted.tlsServerName
  );
}

/** Opened once per reading of the organization, not once per gateway. */
const opened = new WeakMap<StoredResource, SnapshotHeaderRules>();

/** As gateways need them, with secrets. Undefined: there are none. */
export function openHeaders(sealer: Sealer, resource: StoredResource): SnapshotHeaderRules | undefined {
  const { host, request, response } = resource.headers;
  if (host === null && request.length + response.length === 0) return undefined;
  const known = opened.get(resource);
  if (known !== undefined) return known;
  let next = 0;
  const rules: SnapshotHeaderRules = {
    ...(host !== null && { host }),
    request: request.map(({ action, name, value, secret }) => {
      const text = secret ? sealer.open(sealName(resource.id), resource.headerSecrets[next++]!) : value;
      return { action, name, ...(text !== null && { value: text }) };
    }),
    response: response.map(({ action, name, value }) => ({ action, name, ...(value !== null && { value }) })),
  };
  opened.set(resource, rules);
  return rules;
}
