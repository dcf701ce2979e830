import type { factorRoutes } from '@zeronaut/model';
import * as factors from '../domains/factors/factors.ts';
import { confirmTotp, startTotp } from '../domains/factors/totp.ts';
import { signInWithPasskey, startPasskeySignIn } from '../domains/passkeys/passkey-sign-in.ts';
import { createPasskey, startPasskey } from '../domains/passkeys/passkeys.ts';
import { getSignInPolicy, updateSignInPolicy } from '../domains/sessions/sign-in-policy.ts';
import { Refusal } from '../store/refusal.ts';
import type { Handlers } from './handlers.ts';
import { withSession } from './with-session.ts';

export const factorHandlers: Pick<Handlers, keyof typeof factorRoutes> = {
  'signInPolicy.get': (context, { caller }) => getSignInPolicy(context.store.db, caller.organizationId),
  'signInPolicy.update': (context, { caller, body, version }) => updateSignInPolicy(context, caller, version, body),
  'factors.list': (context, { caller }) => factors.listFactors(context, caller.organizationId, caller.userId),
  'factors.startTotp': async (context, { caller }) => {
    const user = await factors.personOf(context, caller);
    return user instanceof Refusal ? user : await startTotp(context, user, caller);
  },
  'factors.confirmTotp': async (context, { caller, body }) => {
    const user = await factors.personOf(context, caller);
    if (user instanceof Refusal) return user;
    return shown(await confirmTotp(context, user, body.code, caller));
  },
  'factors.renewRecoveryCodes': async (context, { caller }) => shown(await factors.renewRecoveryCodes(context, caller)),
  'factors.delete': (context, { caller, params }) => factors.removeFactor(context, caller, params.id),
  'passkeys.start': (context, { caller }) => startPasskey(context, caller),
  'passkeys.create': (context, { caller, body }) => createPasskey(context, caller, body.name, body.credential),
  'passkeys.startSignIn': (context) => startPasskeySignIn(context, null),
  'passkeys.signIn': async (context, { body, origin }) => {
    const result = await signInWithPasskey(context, body.credential, null, 'console', origin);
    return result instanceof Refusal ? result : withSession(result);
  },
  'users.deleteFactor': (context, { caller, params }) =>
    factors.removeFactorOf(context, caller, params.id, params.factorId),
  'users.listFactors': (context, { caller, params }) => factors.listFactors(context, caller.organizationId, params.id),
  'users.resetFactors': (context, { caller, params }) => factors.resetFactors(context, caller, params.id),
};

function shown(codes: string[] | Refusal) {
  return codes instanceof Refusal ? codes : { recoveryCodes: codes };
}
