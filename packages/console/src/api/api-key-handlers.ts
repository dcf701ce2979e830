import type { apiKeyRoutes } from '@zeronaut/model';
import * as apiKeys from '../domains/api-keys/api-keys.ts';
import { Refusal } from '../store/refusal.ts';
import type { Handlers } from './handlers.ts';

export const apiKeyHandlers: Pick<Handlers, keyof typeof apiKeyRoutes> = {
  'apiKeys.list': (context, { caller, query }) => apiKeys.listApiKeys(context, caller, query),
  'apiKeys.create': (context, { caller, body }) => apiKeys.createApiKey(context, caller, body),
  'apiKeys.rotate': (context, { caller, params, body }) => apiKeys.rotateApiKey(context, caller, params.id, body),
  'apiKeys.rotateCurrent': (context, { caller, body }) =>
    caller.credential === 'api_key'
      ? apiKeys.rotateApiKey(context, caller, caller.credentialId, body)
      : new Refusal('api.invalid', { detail: 'this credential is not an API key' }),
  'apiKeys.delete': (context, { caller, params }) => apiKeys.revokeApiKey(context, caller, params.id),
};
