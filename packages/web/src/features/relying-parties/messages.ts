import { catalogue } from '../../base/messages.ts';

export const relyingPartyMessages = catalogue({
  en: () => import('./messages.en.ts'),
  de: () => import('./messages.de.ts'),
});
