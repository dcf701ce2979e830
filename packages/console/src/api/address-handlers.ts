import type { addressRoutes } from '@zeronaut/model';
import {
  listAddressGrants,
  revokeAddressGrant,
  revokeOwnAddressGrants,
} from '../domains/address-grants/address-grants.ts';
import type { Handlers } from './handlers.ts';

export const addressHandlers: Pick<Handlers, keyof typeof addressRoutes> = {
  'me.listAddresses': (context, { caller, query }) =>
    listAddressGrants(context, caller, { ...query, sort: '-created', userId: caller.userId, open: true }),
  'me.deleteAddress': (context, { caller, params }) => revokeAddressGrant(context, caller, params.id, caller.userId),
  'me.deleteAddresses': (context, { caller }) => revokeOwnAddressGrants(context, caller),
  'addresses.list': (context, { caller, query }) => listAddressGrants(context, caller, query),
  'addresses.delete': (context, { caller, params }) => revokeAddressGrant(context, caller, params.id),
};
