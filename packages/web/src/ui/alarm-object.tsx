import type { Alarm } from '@zeronaut/model';
import { TextLink } from './button-link.tsx';

/** What an alarm or incident is about, and where to look after it. */
export function AlarmObject({ kind, object: { kind: of, id, name } }: Pick<Alarm, 'kind' | 'object'>) {
  switch (of) {
    case 'gateway':
      return (
        <TextLink to="/gateways/$id" params={{ id }}>
          {name}
        </TextLink>
      );
    case 'resource':
      return (
        <TextLink to="/resources/$id" params={{ id }}>
          {name}
        </TextLink>
      );
    case 'device':
      return (
        <TextLink to="/devices/$id" params={{ id }}>
          {name}
        </TextLink>
      );
    case 'user':
      return (
        <TextLink to="/users/$id" params={{ id }}>
          {name}
        </TextLink>
      );
    case 'policy':
      return (
        <TextLink to="/policies/$id" params={{ id }}>
          {name}
        </TextLink>
      );
    case 'audit_export':
      return <TextLink to="/settings/audit-exports">{name}</TextLink>;
    case 'address':
      // A network has more addresses than the list can be asked for.
      return (
        <TextLink to="/security" search={id.includes('/') ? { effect: 'deny' } : { address: id, effect: 'deny' }}>
          {name}
        </TextLink>
      );
    case 'organization':
      return (
        <TextLink to={kind === 'no_gateway' ? '/gateways' : kind === 'audit_inconsistent' ? '/audit/verify' : '/audit'}>
          {name}
        </TextLink>
      );
  }
}
