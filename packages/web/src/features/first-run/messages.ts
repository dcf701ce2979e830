import { catalogue } from '../../base/messages.ts';

export const firstRunMessages = catalogue({
  en: () => import('./messages.en.ts'),
  de: () => import('./messages.de.ts'),
});
