import { deny, REASONS, type Reason } from '@zeronaut/model';
import { ANONYMOUS, type Flow } from '../flow.ts';
import type { RequestHead } from '../http/request-head.ts';
import type { PageOutcome, PageResponse } from '../rooms.ts';
import { type RefusalView, refusalPage } from './pages.ts';
import { readerOf } from './reader.ts';
import { pageResponse } from './responses.ts';

type Options = Partial<Pick<RefusalView, 'host' | 'user'> & PageOutcome> &
  Pick<RefusalView, 'actions'> & { readonly headers?: readonly (readonly [string, string])[] };

/** What one of our own pages refuses: the page, and what its event says. Without more, nobody is refused with the reason. */
export function refusalResponse(flow: Flow, head: RequestHead, reason: Reason, options: Options): PageResponse {
  const { verdict = deny(reason), subject = ANONYMOUS, resource = null, explanation = null } = options;
  const reader = readerOf(flow, head);
  const page = refusalPage(reader.t, {
    reason,
    requestId: flow.requestId,
    host: options.host ?? head.host,
    user: options.user ?? null,
    advice: explanation?.advice ?? '',
    actions: options.actions,
  });
  return {
    ...pageResponse(flow, reader, REASONS[reason].status, page, options.headers),
    outcome: { verdict, subject, resource, explanation },
  };
}
