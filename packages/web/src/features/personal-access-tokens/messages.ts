import { catalogue } from '../../base/messages.ts';

export const tokenMessages = catalogue({
  en: () => import('./messages.en.ts'),
  de: () => import('./messages.de.ts'),
});
