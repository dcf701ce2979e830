import { catalogue } from '../../base/messages.ts';

export const policyMessages = catalogue({
  en: () => import('./messages.en.ts'),
  de: () => import('./messages.de.ts'),
});
