import { REASONS } from '@zeronaut/model';
import type { Messages } from './messages.ts';
import { messagesOfReasons } from './reason-messages.ts';

/** What the route table says of each reason, and how a status of a service is said. */
export const messages: Messages = { ...messagesOfReasons(REASONS), status: 'The service answered with {status}' };
