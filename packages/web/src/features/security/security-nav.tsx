import { useMessages } from '../../base/messages.ts';
import { PageTabs } from '../../ui/page-tabs.tsx';
import { securityMessages } from './messages.ts';

export function SecurityNav() {
  const t = useMessages(securityMessages);
  const tabs = [
    { to: '/security', text: t('nav.feed') },
    { to: '/security/refusals', text: t('nav.refusals') },
  ];
  return <PageTabs label={t('nav.label')} tabs={tabs} />;
}
