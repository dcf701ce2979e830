import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { UnusedPermissions } from '@zeronaut/model';
import { useState } from 'react';
import { call, routeQuery } from '../../base/api.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { DiffView } from '../../ui/diff-view.tsx';
import { Facts } from '../../ui/facts.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { Section } from '../../ui/section.tsx';
import { ShortList } from '../../ui/short-list.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { absoluteTime } from '../../ui/time.tsx';
import { draftOf, handOver } from './draft.ts';
import { policyMessages } from './messages.ts';
import { UnusedRule } from './unused-rule.tsx';

type Unused = UnusedPermissions['policies'][number];

/** Asked for by hand: the console reads up to a million accesses for the answer. */
export function UnusedPage() {
  const t = useMessages(policyMessages);
  const language = useLanguage();
  const [days, setDays] = useState('30');
  const [state, setState] = useState<{ busy: boolean; error: unknown; data: UnusedPermissions | null }>({
    ...{ busy: false, error: null, data: null },
  });
  async function look(): Promise<void> {
    setState({ busy: true, error: null, data: null });
    try {
      const query = { days: Math.min(Math.max(Math.trunc(Number(days)) || 30, 1), 90) };
      setState({ busy: false, error: null, data: await call('policies.unused', { query }) });
    } catch (error) {
      setState({ busy: false, error, data: null });
    }
  }
  const may = useMay();
  const { data } = state;
  return (
    <>
      <SubNavigation of="policies" />
      <PageHeader title={t('unused.title')} subtitle={t('unused.subtitle')} />
      <Box sx={{ display: 'grid', gap: 2 }}>
        <Section>
          <Box sx={{ display: 'flex', gap: 1.5, alignItems: 'center' }}>
            <TextField
              type="number"
              label={t('unused.days')}
              value={days}
              onChange={(event) => setDays(event.target.value)}
              sx={{ width: 130 }}
              slotProps={{ htmlInput: { min: 1, max: 90 } }}
            />
            <Button variant="contained" loading={state.busy} onClick={() => void look()}>
              {t('unused.run')}
            </Button>
          </Box>
          {data === null ? null : (
            <Typography role="status" color="textSecondary" sx={{ mt: 2 }}>
              {t('unused.since', { count: data.events, since: absoluteTime(data.since, language) })}{' '}
              {data.complete ? null : t('unused.partial')} {data.policies.length === 0 ? t('unused.none') : null}{' '}
              {data.rules.length === 0 && may('resources:read') ? t('unused.rules.none') : null}
            </Typography>
          )}
        </Section>
        {state.error === null ? null : (
          <Card>
            <ErrorState error={state.error} onRetry={() => void look()} />
          </Card>
        )}
        {data === null || data.policies.length === 0 ? null : (
          <ShortList
            label={t('unused.title')}
            rows={data.policies}
            padded
            find={{
              textOf: ({ name, unusedUsers }) => [name, ...unusedUsers.emails].join(' '),
              filters: [
                {
                  key: 'proposal',
                  label: t('unused.filter'),
                  options: [{ value: 'yes', label: t('unused.proposal') }],
                  matches: ({ proposal }) => proposal !== null,
                },
              ],
              orders: [{ key: 'name', value: ({ name }) => name }],
            }}
          >
            {(shown) => shown.map((policy) => <UnusedPolicy key={policy.id} policy={policy} />)}
          </ShortList>
        )}
        {data === null || data.rules.length === 0 ? null : (
          <Box sx={{ mt: 1 }}>
            <Typography variant="h2">{t('unused.rules')}</Typography>
            <Typography color="textSecondary">{t('unused.rules.text')}</Typography>
          </Box>
        )}
        {data === null || data.rules.length === 0 ? null : (
          <ShortList
            label={t('unused.rules')}
            rows={data.rules}
            padded
            find={{
              name: 'rules',
              textOf: (rule) => rule.name,
              orders: [{ key: 'name', value: (rule) => rule.name }],
            }}
          >
            {(shown) =>
              shown.map((rule) => (
                <UnusedRule
                  key={rule.id}
                  rule={rule}
                  onTaken={() => setState({ ...state, data: without(data, rule.id) })}
                />
              ))
            }
          </ShortList>
        )}
        {data === null || data.moreRules === 0 ? null : (
          <Typography color="textSecondary">{t('unused.rules.more', { count: data.moreRules })}</Typography>
        )}
      </Box>
    </>
  );
}

const without = (report: UnusedPermissions, id: string): UnusedPermissions => ({
  ...report,
  rules: report.rules.filter((rule) => rule.id !== id),
});

function UnusedPolicy({ policy }: { readonly policy: Unused }) {
  const t = useMessages(policyMessages);
  const may = useMay();
  const navigate = useNavigate();
  const { proposal } = policy;
  const { data: now } = useQuery({
    ...routeQuery('policies.get', { params: { id: policy.id } }),
    enabled: proposal !== null,
  });
  return (
    <Section
      title={policy.name}
      actions={
        <TextLink to="/policies/$id" params={{ id: policy.id }}>
          {t('view.text')}
        </TextLink>
      }
    >
      <Facts
        rows={[
          [t('unused.requests'), policy.requests],
          [t('unused.users'), policy.users],
          [
            t('unused.unusedUsers'),
            policy.unusedUsers.count === 0
              ? 0
              : `${policy.unusedUsers.count}: ${policy.unusedUsers.emails.slice(0, 20).join(', ')}`,
          ],
        ]}
      />
      {policy.without === null ? null : (
        <Typography color="textSecondary" sx={{ mt: 1.5 }}>
          {t(`unused.without.${policy.without}`)}
        </Typography>
      )}
      {proposal === null || now === undefined ? null : (
        <Box sx={{ display: 'grid', gap: 1, mt: 2, justifyItems: 'start' }}>
          <Typography variant="h3">{t('unused.proposal')}</Typography>
          <Box sx={{ width: 1 }}>
            <DiffView before={now.text} after={proposal.text} label={t('unused.proposal')} />
          </Box>
          {may('policies:write') ? (
            <Button
              size="small"
              variant="outlined"
              onClick={() => {
                handOver({ ...draftOf(now), text: proposal.text });
                void navigate({ to: '/policies/$id', params: { id: policy.id } });
              }}
            >
              {t('unused.use')}
            </Button>
          ) : null}
        </Box>
      )}
    </Section>
  );
}
