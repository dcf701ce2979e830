import { catalogue } from '../../base/messages.ts';

export const accessRequestMessages = catalogue({
  en: () => import('./messages.en.ts'),
  de: () => import('./messages.de.ts'),
});
