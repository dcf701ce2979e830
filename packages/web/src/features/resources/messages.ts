import { catalogue } from '../../base/messages.ts';

export const resourceMessages = catalogue({
  en: () => import('./messages.en.ts'),
  de: () => import('./messages.de.ts'),
});
