import type { personalAccessTokenRoutes } from '@zeronaut/model';
import * as tokens from '../domains/personal-access-tokens/personal-access-tokens.ts';
import type { Handlers } from './handlers.ts';

export const personalAccessTokenHandlers: Pick<Handlers, keyof typeof personalAccessTokenRoutes> = {
  'personalAccessTokens.list': (context, { caller, query }) =>
    tokens.listPersonalAccessTokens(context, caller, caller.userId, query),
  'personalAccessTokens.create': (context, { caller, body }) => tokens.createPersonalAccessToken(context, caller, body),
  'personalAccessTokens.delete': (context, { caller, params }) =>
    tokens.revokePersonalAccessToken(context, caller, params.id, caller.userId),
  'personalAccessTokens.listAll': (context, { caller, query }) =>
    tokens.listPersonalAccessTokens(context, caller, null, query),
  'personalAccessTokens.deleteAny': (context, { caller, params }) =>
    tokens.revokePersonalAccessToken(context, caller, params.id, null),
};
