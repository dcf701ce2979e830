import { catalogue } from '../../base/messages.ts';

export const sessionMessages = catalogue({
  en: () => import('./messages.en.ts'),
  de: () => import('./messages.de.ts'),
});
