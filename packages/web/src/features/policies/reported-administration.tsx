import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useMessages } from '../../base/messages.ts';
import { useList } from '../../base/use-list.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { Section } from '../../ui/section.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { Tags } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { policyMessages } from './messages.ts';
import { countByPolicy } from './refusals-of-administration.ts';

const ACTION = 'policy.would_refuse';

/** Calls that policies of administer in report mode would have refused, of the audit log. Needs `audit:read`. */
export function ReportedAdministration() {
  const t = useMessages(policyMessages);
  const list = useList('audit.list', { query: { action: ACTION } });
  const title = t('reported.administration');
  if (list.rows === undefined) {
    return (
      <Section title={title} flush>
        {list.error === null ? (
          <RowsSkeleton rows={2} label={title} />
        ) : (
          <ErrorState error={list.error} onRetry={list.reload} />
        )}
      </Section>
    );
  }
  const policies = countByPolicy(list.rows);
  return (
    <Section title={title} flush>
      <Typography variant="body2" color="textSecondary" sx={{ px: 2.5, pb: 1.5 }}>
        {t(policies.length === 0 ? 'reported.administration.none' : 'reported.administration.text')}
      </Typography>
      <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
        {policies.map(({ policyId, name, count, permissions, actors, lastAt }) => (
          <Box
            component="li"
            key={policyId}
            sx={{ px: 2.5, py: 1.5, borderTop: 1, borderColor: 'divider', overflowWrap: 'anywhere' }}
          >
            <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1.5, alignItems: 'center' }}>
              <TextLink to="/policies/$id" params={{ id: policyId }}>
                {name}
              </TextLink>
              <TextLink to="/audit" search={{ action: ACTION, object: policyId }}>
                {t(list.hasMore ? 'reported.administration.atLeast' : 'reported.administration.count', { count })}
              </TextLink>
              <Tags of={permissions} />
            </Box>
            <Typography variant="caption" color="textSecondary">
              {actors.join(', ')} · <Time at={lastAt} />
            </Typography>
          </Box>
        ))}
      </Box>
      {list.hasMore ? (
        <Box sx={{ px: 2.5, py: 1.5 }}>
          <Button size="small" loading={list.isFetching} onClick={list.loadMore}>
            {t('reported.more')}
          </Button>
        </Box>
      ) : null}
    </Section>
  );
}
