import type { relyingPartyRoutes } from '@zeronaut/model';
import * as parties from '../domains/relying-parties/relying-parties.ts';
import type { Handlers } from './handlers.ts';

export const relyingPartyHandlers: Pick<Handlers, keyof typeof relyingPartyRoutes> = {
  'relyingParties.list': (context, { caller, query }) => parties.listRelyingParties(context, caller, query),
  'relyingParties.create': (context, { caller, body }) => parties.createRelyingParty(context, caller, body),
  'relyingParties.update': (context, { caller, params, body, version }) =>
    parties.updateRelyingParty(context, caller, params.id, version, body),
  'relyingParties.renewSecret': (context, { caller, params }) =>
    parties.renewRelyingPartySecret(context, caller, params.id),
  'relyingParties.delete': (context, { caller, params }) => parties.revokeRelyingParty(context, caller, params.id),
};
