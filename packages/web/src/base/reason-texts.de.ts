import { texts } from '@zeronaut/model/reasons.de';
import type { Messages } from './messages.ts';
import { messagesOfReasons } from './reason-messages.ts';

/** What the API's refusals are called in German, and how a status of a service is said. */
export const messages: Messages = { ...messagesOfReasons(texts), status: 'Der Dienst antwortete mit {status}' };
