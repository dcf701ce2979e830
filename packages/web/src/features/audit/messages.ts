import { catalogue } from '../../base/messages.ts';

export const auditMessages = catalogue({
  en: () => import('./messages.en.ts'),
  de: () => import('./messages.de.ts'),
});
