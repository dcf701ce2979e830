import { catalogue } from '../../base/messages.ts';

export const workloadTrustMessages = catalogue({
  en: () => import('./messages.en.ts'),
  de: () => import('./messages.de.ts'),
});
