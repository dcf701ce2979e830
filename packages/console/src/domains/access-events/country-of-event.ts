import type { AccessEvent } from '@zeronaut/model';

/** Of its source address; empty: unknown. Gateways of before told it only where a policy had asked. */
export function countryOfEvent({ country, explanation }: Pick<AccessEvent, 'country' | 'explanation'>): string {
  return country ?? explanation?.facts.country ?? '';
}
