import { z } from 'zod';
import { factorList, id, signInPolicy, signInPolicyInput } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byId } from './route-parts.ts';

/** A code of an authenticator app or a recovery code, as people type it: spaces and hyphens do not count. */
export const factorCode = z.string().trim().min(1).max(40);
const recoveryCodes = z.strictObject({ recoveryCodes: z.array(z.string()) });

export const factorRoutes = defineRoutes({
  'signInPolicy.get': {
    method: 'GET',
    path: '/api/v1/organizations/current/sign-in-policy',
    tag: 'factors',
    summary: 'What the organization asks of a sign-in',
    permission: 'organization:read',
    status: 200,
    response: signInPolicy,
  },
  'signInPolicy.update': {
    method: 'PUT',
    path: '/api/v1/organizations/current/sign-in-policy',
    tag: 'factors',
    summary: 'Change what the organization asks of a sign-in',
    permission: 'organization:write',
    status: 200,
    ifMatch: true,
    body: signInPolicyInput,
    response: signInPolicy,
  },
  'factors.list': {
    method: 'GET',
    path: '/api/v1/me/factors',
    tag: 'factors',
    summary: 'Your second factors',
    permission: 'self:read',
    status: 200,
    response: factorList,
  },
  'factors.startTotp': {
    method: 'POST',
    path: '/api/v1/me/factors/totp',
    tag: 'factors',
    summary: 'A fresh secret for an authenticator app; it counts once a code of it was confirmed',
    permission: 'self:write',
    status: 201,
    response: z.strictObject({ secret: z.string(), uri: z.string() }),
  },
  'factors.confirmTotp': {
    method: 'POST',
    path: '/api/v1/me/factors/totp/confirmation',
    tag: 'factors',
    summary: 'Turn the authenticator app on with its first code; recovery codes are shown once',
    permission: 'self:write',
    status: 200,
    body: z.strictObject({ code: factorCode }),
    response: recoveryCodes,
  },
  'factors.renewRecoveryCodes': {
    method: 'POST',
    path: '/api/v1/me/factors/recovery-codes',
    tag: 'factors',
    summary: 'Fresh recovery codes, shown once; the old ones are void',
    permission: 'self:write',
    status: 201,
    response: recoveryCodes,
  },
  'factors.delete': {
    method: 'DELETE',
    path: '/api/v1/me/factors/:id',
    tag: 'factors',
    summary: 'Remove one of your second factors',
    permission: 'self:write',
    status: 204,
    params: byId,
  },
  'users.listFactors': {
    method: 'GET',
    path: '/api/v1/users/:id/factors',
    tag: 'factors',
    summary: 'The second factors of a user',
    permission: 'users:read',
    status: 200,
    params: z.strictObject({ id }),
    response: factorList,
  },
  'users.resetFactors': {
    method: 'DELETE',
    path: '/api/v1/users/:id/factors',
    tag: 'factors',
    summary: 'Remove all second factors of a user who lost them; the sessions of the user end',
    permission: 'users:write',
    status: 204,
    params: byId,
  },
});
