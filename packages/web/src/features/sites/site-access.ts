import type { Site } from '@zeronaut/model';

type Texts = 'access.everyone' | 'access.public' | 'access.policy';

export function accessText({ access }: Site, t: (key: Texts) => string): string {
  if (access.mode === 'public') return t('access.public');
  if (access.mode === 'policy') return t('access.policy');
  return access.allow.length === 0 ? t('access.everyone') : access.allow.join(', ');
}
