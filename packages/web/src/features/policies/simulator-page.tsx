import { useMessages } from '../../base/messages.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { Section } from '../../ui/section.tsx';
import { policyMessages } from './messages.ts';
import { PoliciesNav } from './policies-nav.tsx';
import { SimulatePanel } from './simulate-panel.tsx';

export function SimulatorPage() {
  const t = useMessages(policyMessages);
  return (
    <>
      <PoliciesNav />
      <PageHeader title={t('simulate.title')} subtitle={t('simulate.subtitle')} />
      <Section>
        <SimulatePanel draft={undefined} />
      </Section>
    </>
  );
}
