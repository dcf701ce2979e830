import type { pushRoutes } from '@zeronaut/model';
import { listPush, subscribePush, unsubscribePush } from '../domains/push/push-subscriptions.ts';
import { testPush } from '../domains/push/tell-browsers.ts';
import type { Handlers } from './handlers.ts';

export const pushHandlers: Pick<Handlers, keyof typeof pushRoutes> = {
  'push.list': (context, { caller }) => listPush(context, caller),
  'push.subscribe': (context, { caller, body }) => subscribePush(context, caller, body),
  'push.test': (context, { caller, params }) => testPush(context, caller, params.id),
  'push.unsubscribe': (context, { caller, params }) => unsubscribePush(context, caller, params.id),
};
