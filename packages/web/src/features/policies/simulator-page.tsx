import { useMessages } from '../../base/messages.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { Section } from '../../ui/section.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { policyMessages } from './messages.ts';
import { SimulatePanel } from './simulate-panel.tsx';

export function SimulatorPage() {
  const t = useMessages(policyMessages);
  return (
    <>
      <SubNavigation of="policies" />
      <PageHeader title={t('simulate.title')} subtitle={t('simulate.subtitle')} />
      <Section>
        <SimulatePanel draft={undefined} />
      </Section>
    </>
  );
}
