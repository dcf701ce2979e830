import type { ResourceLimits } from '@zeronaut/model';
import type { Translate } from '../../base/messages.ts';
import type { messages } from './messages.en.ts';

/** What is bounded, one text each; what is not has none. */
export function limitTexts(limits: ResourceLimits, t: Translate<typeof messages>): string[] {
  const { concurrent, bodyBytes, responseTimeoutMs, idleTimeoutMs, rate } = limits;
  const texts = [
    concurrent === null ? null : t('limits.textConcurrent', { count: concurrent }),
    bodyBytes === null ? null : t('limits.textBody', { mib: Number((bodyBytes / (1024 * 1024)).toFixed(3)) }),
    responseTimeoutMs === null ? null : t('limits.textResponse', { seconds: responseTimeoutMs / 1000 }),
    idleTimeoutMs === null ? null : t('limits.textIdle', { seconds: idleTimeoutMs / 1000 }),
    rate === null ? null : t('limits.textRate', { count: rate.requests, seconds: rate.perSeconds }),
  ];
  return texts.filter((text) => text !== null);
}
