import { catalogue } from '../../base/messages.ts';

export const roleMessages = catalogue({
  en: () => import('./messages.en.ts'),
  de: () => import('./messages.de.ts'),
});
