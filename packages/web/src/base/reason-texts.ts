import { catalogue, useMessages } from './messages.ts';

/** Why an access was decided as it was, in words. A page that shows some loads them together with its own texts (see `page`). */
export const reasonTexts = catalogue({
  en: () => import('./reason-texts.en.ts'),
  de: () => import('./reason-texts.de.ts'),
});

const STATUS = /^http\.status_(\d+)$/;

/** `title` is the reason itself where no words are known, as of a gateway that is newer. `next` may be empty. */
export function useReasonText(): (reason: string) => { readonly title: string; readonly next: string } {
  const t = useMessages(reasonTexts);
  return (reason) => {
    const status = STATUS.exec(reason)?.[1];
    if (status !== undefined) return { title: t('status', { status }), next: '' };
    const next = t(`${reason}.next`);
    return { title: t(reason), next: next === `${reason}.next` ? '' : next };
  };
}
