import { useQuery } from '@tanstack/react-query';
import type { Policy, Resource } from '@zeronaut/model';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { Lead, Leads } from '../../ui/leads.tsx';
import { SomeOf } from '../../ui/some-of.tsx';
import { resourceMessages } from './messages.ts';

const ALL = { query: { limit: 500 } } as const;

/** What was asked of a resource, who may let people in, what rules it, and what was done to it. */
export function ResourceLeads({ resource }: { readonly resource: Resource }) {
  const t = useMessages(resourceMessages);
  const isShown = useMay()('policies:read');
  const gateways = useQuery({ ...routeQuery('gateways.list', ALL), enabled: isShown });
  const rules = useQuery({ ...routeQuery('approvalRules.list', ALL), enabled: isShown });
  const policies = useQuery({ ...routeQuery('policies.list', ALL), enabled: isShown });
  const gateway = gateways.data?.items.find(({ status }) => status === 'active');
  const rule = rules.data?.items.find(({ objectId }) => objectId === resource.id);
  const naming = policies.data?.items.filter((policy) => names(policy, resource)) ?? [];
  return (
    <Leads id={resource.id} accesses={{ resource: resource.id }}>
      {isShown ? (
        <>
          {gateway === undefined ? null : (
            <Lead to={{ to: '/resources/test', search: { url: urlAt(resource, gateway) } }}>{t('leads.test')}</Lead>
          )}
          <Lead to={{ to: '/access-requests/approval-rules', search: { edit: resource.id } }}>
            {rule === undefined ? t('leads.approvers') : t('leads.approversOf', { names: rule.approvers.join(', ') })}
          </Lead>
          {naming.length === 0 ? null : (
            <li>
              {t('leads.policies')}{' '}
              <SomeOf items={naming}>
                {({ id, name }) => (
                  <TextLink key={id} to="/policies/$id" params={{ id }} sx={{ mr: 1 }}>
                    {name}
                  </TextLink>
                )}
              </SomeOf>
            </li>
          )}
        </>
      ) : null}
    </Leads>
  );
}

/** By itself or by a segment that it is in; a policy about everything names nothing. */
function names({ text }: Policy, { id, segments }: Resource): boolean {
  return [`Resource::"${id}"`, ...(segments ?? []).map((segment) => `Segment::"${segment}"`)].some((entity) =>
    text.includes(entity),
  );
}

function urlAt(
  { name, protocol, port }: Resource,
  gateway: { readonly baseDomain: string; readonly publicHost: string; readonly httpsPort: number },
): string {
  if (protocol !== 'http') return `${protocol}://${gateway.publicHost}:${port}`;
  return `https://${name}.${gateway.baseDomain}${gateway.httpsPort === 443 ? '' : `:${gateway.httpsPort}`}/`;
}
