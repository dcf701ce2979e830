import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { DnsRecord } from '@zeronaut/model';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { Section } from '../../ui/section.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { resourceMessages } from './messages.ts';

const MEANING: Record<DnsRecord['state'], Meaning> = { right: 'ok', wrong: 'bad', missing: 'warn', unknown: 'neutral' };

/** The records that lead to a resource, as a zone file has them, and what DNS says now. */
export function DnsRecords({ id }: { readonly id: string }) {
  const t = useMessages(resourceMessages);
  const { data, error, refetch, isFetching } = useQuery(routeQuery('resources.checkDns', { params: { id } }));
  // Nothing has to be set for local base domains.
  if (data?.records.length === 0) return null;
  return (
    <Section
      title={t('section.dns')}
      actions={
        <Button size="small" variant="outlined" loading={isFetching} onClick={() => void refetch()}>
          {t('dns.again')}
        </Button>
      }
    >
      {data === undefined ? (
        error === null ? (
          <RowsSkeleton rows={2} label={t('section.dns')} />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <Box role="status" sx={{ display: 'grid', gap: 2 }}>
          {data.records.map((record) => (
            <Box key={`${record.name} ${record.type} ${record.value} ${record.gateway.id}`}>
              <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1.5, alignItems: 'center', mb: 0.5 }}>
                <StatusChip meaning={MEANING[record.state]}>{t(`dns.${record.state}`)}</StatusChip>
                <Typography variant="body2" color="textSecondary">
                  {t('dns.leads', { gateway: record.gateway.name })}
                </Typography>
              </Box>
              <CopyText text={lineOf(record)} label={t('dns.record', { name: record.name })} />
              {record.state === 'wrong' ? (
                <Typography variant="body2" color="textSecondary" sx={{ mt: 0.5, overflowWrap: 'anywhere' }}>
                  {t('dns.found', { found: record.found.join(', ') })}
                </Typography>
              ) : null}
            </Box>
          ))}
        </Box>
      )}
    </Section>
  );
}

/** One line of a zone file (RFC 1035, 5): names are whole and end with a dot. */
function lineOf({ name, type, value }: DnsRecord): string {
  return `${name}. IN ${type} ${type === 'CNAME' ? `${value}.` : value}`;
}
