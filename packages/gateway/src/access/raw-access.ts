import { DENY_BY_DEFAULT, deny } from '@zeronaut/model';
import { anonymousFacts, evaluateAccess } from '@zeronaut/policy';
import { ANONYMOUS, type Flow } from '../flow.ts';
import type { RawAccess } from '../rooms.ts';
import type { AddressGrants } from './grants.ts';

/** Access for TCP and UDP ports, which know nothing of a caller but the address: public, listed, or authorised. */
export function createRawAccess(grants: AddressGrants): RawAccess {
  return {
    decide(flow: Flow) {
      const { resource, tables } = flow;
      if (resource === null) return { verdict: DENY_BY_DEFAULT, subject: ANONYMOUS };
      const { address } = flow.downstream;
      const facts = anonymousFacts(resource.organizationId, address);
      // Several people may sit behind one address; any of them who may still use the port is enough.
      for (const user of resource.access.mode === 'public' ? [] : grants.usersAt(resource, address, tables)) {
        const verdict = evaluateAccess(resource.access, { ...facts, addressGrant: { user } });
        if (verdict.reason === 'access.address_authorised') {
          return { verdict, subject: { kind: 'address', userId: user.id } };
        }
      }
      const verdict = evaluateAccess(resource.access, facts);
      switch (verdict.reason) {
        case 'access.address':
          return { verdict, subject: { kind: 'address', userId: null } };
        case 'access.public':
          return { verdict, subject: ANONYMOUS };
        default:
          // There is nobody to challenge on a raw port.
          return { verdict: deny('access.address_unknown'), subject: ANONYMOUS };
      }
    },
  };
}
