import { getRouteApi } from '@tanstack/react-router';
import { useMessages } from '../../base/messages.ts';
import { PageHeader } from '../../ui/page-header.tsx';
import { Section } from '../../ui/section.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { policyMessages } from './messages.ts';
import { fieldsOfSearch, searchOf } from './question.ts';
import { SimulatePanel } from './simulate-panel.tsx';

const route = getRouteApi('/policies/simulator');

export function SimulatorPage() {
  const t = useMessages(policyMessages);
  const first = fieldsOfSearch(route.useSearch());
  const navigate = route.useNavigate();
  return (
    <>
      <SubNavigation of="policies" />
      <PageHeader title={t('simulate.title')} subtitle={t('simulate.subtitle')} />
      <Section>
        <SimulatePanel
          draft={undefined}
          first={first}
          onAsked={({ fields, administers }) => void navigate({ search: searchOf(fields, administers), replace: true })}
        />
      </Section>
    </>
  );
}
