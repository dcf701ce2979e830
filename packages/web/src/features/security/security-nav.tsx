import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { PageTabs } from '../../ui/page-tabs.tsx';
import { securityMessages } from './messages.ts';

export function SecurityNav() {
  const t = useMessages(securityMessages);
  const may = useMay();
  const tabs = [
    { to: '/security', text: t('nav.feed') },
    ...(may('incidents:read') ? [{ to: '/security/incidents', text: t('nav.incidents') }] : []),
    { to: '/security/refusals', text: t('nav.refusals') },
    { to: '/security/behaviour', text: t('nav.behaviour') },
  ];
  return <PageTabs label={t('nav.label')} tabs={tabs} />;
}
