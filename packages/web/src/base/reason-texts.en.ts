import { REASONS } from '@zeronaut/model';
import type { Messages } from './messages.ts';

/** What the route table says of each reason, and how a status of a service is said. */
export const messages: Messages = {
  ...Object.fromEntries(
    Object.entries(REASONS).flatMap(([reason, { title, next }]) => [
      [reason, title],
      [`${reason}.next`, next],
    ]),
  ),
  status: 'The service answered with {status}',
};
