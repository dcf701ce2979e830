import { useMessages } from '../../base/messages.ts';
import { PageTabs } from '../../ui/page-tabs.tsx';
import { auditMessages } from './messages.ts';

export function AuditNav() {
  const t = useMessages(auditMessages);
  const tabs = [
    { to: '/audit', text: t('nav.log') },
    { to: '/audit/verify', text: t('nav.verify') },
  ];
  return <PageTabs label={t('title')} tabs={tabs} />;
}
