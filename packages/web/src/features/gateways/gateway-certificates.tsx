import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { Row, Rows } from '../../ui/rows.tsx';
import { Section } from '../../ui/section.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { Time } from '../../ui/time.tsx';
import { useNow } from '../../ui/use-now.ts';
import { gatewayMessages } from './messages.ts';

/** The console renews them long before; what is nearer than this to its end was not renewed. */
const SOON_MS = 7 * 86_400_000;
const SHOWN = 12;

/** What the console issued for the hosts of a gateway: those that end first. */
export function GatewayCertificates({ id }: { readonly id: string }) {
  const t = useMessages(gatewayMessages);
  const nowMs = useNow();
  const query = useQuery(routeQuery('gateways.getStatus', { params: { id } }));
  const hidden = (query.data?.certificateCount ?? 0) - SHOWN;
  return (
    <Section title={t('section.certificates')} flush>
      <Rows
        label={t('section.certificates')}
        query={query}
        itemsOf={({ certificates }) => certificates.slice(0, SHOWN)}
        none={t('certificates.none')}
        row={({ host, notAfter }) => (
          <Row
            key={host}
            title={host}
            state={
              Date.parse(notAfter) - nowMs < SOON_MS ? (
                <StatusChip meaning={Date.parse(notAfter) <= nowMs ? 'bad' : 'warn'}>
                  {t(Date.parse(notAfter) <= nowMs ? 'certificates.ended' : 'certificates.soon')}
                </StatusChip>
              ) : null
            }
            action={
              <Typography variant="body2" color="textSecondary">
                <Time at={notAfter} />
              </Typography>
            }
          />
        )}
      />
      {hidden > 0 ? (
        <Typography variant="body2" color="textSecondary" sx={{ px: { xs: 2, sm: 2.5 }, pb: 2 }}>
          {t('certificates.more', { count: hidden })}
        </Typography>
      ) : null}
    </Section>
  );
}
