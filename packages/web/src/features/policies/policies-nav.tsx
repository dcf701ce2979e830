import { useMessages } from '../../base/messages.ts';
import { PageTabs } from '../../ui/page-tabs.tsx';
import { policyMessages } from './messages.ts';

const PAGES = [
  ['/policies', 'nav.list'],
  ['/policies/templates', 'nav.templates'],
  ['/policies/simulator', 'nav.simulator'],
  ['/policies/reported', 'nav.reported'],
  ['/policies/unused', 'nav.unused'],
  ['/policies/assertions', 'nav.assertions'],
] as const;

/** The pages about policies, above each of them. */
export function PoliciesNav() {
  const t = useMessages(policyMessages);
  return <PageTabs label={t('nav.label')} tabs={PAGES.map(([to, label]) => ({ to, text: t(label) }))} />;
}
