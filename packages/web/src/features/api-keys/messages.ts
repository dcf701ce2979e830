import { catalogue } from '../../base/messages.ts';

export const apiKeyMessages = catalogue({
  en: () => import('./messages.en.ts'),
  de: () => import('./messages.de.ts'),
});
