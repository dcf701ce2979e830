import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { DiscoveredService } from '@zeronaut/model';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { ButtonLink } from '../../ui/button-link.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { Row, Rows } from '../../ui/rows.tsx';
import { Section } from '../../ui/section.tsx';
import { Tag } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { deviceMessages } from './messages.ts';

/** What listens on the machine of an agent that was told to look, each with a way to publish it. */
export function DiscoveredServices({ id }: { readonly id: string }) {
  const t = useMessages(deviceMessages);
  const may = useMay();
  const query = useQuery(routeQuery('devices.listDiscovered', { params: { id } }));
  if (query.data?.reportedAt === null) {
    return (
      <Section title={t('section.discovered')}>
        <Box sx={{ display: 'grid', gap: 1 }}>
          <Typography color="textSecondary">{t('discovered.off')}</Typography>
          <CopyText text="discover: publish" label={t('discovered.off')} />
        </Box>
      </Section>
    );
  }
  return (
    <Section
      title={t('section.discovered')}
      flush
      actions={
        query.data === undefined ? null : (
          <Typography variant="body2" color="textSecondary">
            <Time at={query.data.reportedAt} />
          </Typography>
        )
      }
    >
      {query.data?.publishes === false ? (
        <Typography variant="body2" color="textSecondary" sx={{ px: { xs: 2, sm: 2.5 }, pb: 1 }}>
          {t('discovered.reportOnly')}
        </Typography>
      ) : null}
      <Rows
        label={t('section.discovered')}
        query={query}
        itemsOf={({ services }) => services}
        none={t('discovered.none')}
        find={{
          name: 'discovered',
          textOf: ({ process, port, guess }) => [process ?? t('discovered.unknown'), port, guess].join(' '),
          orders: [
            { key: 'name', value: ({ process }) => process },
            { key: 'port', value: ({ port }) => port },
          ],
        }}
        row={(service) => (
          <Row
            key={service.port}
            title={`${service.process ?? t('discovered.unknown')} : ${service.port}`}
            detail={t(`discovered.${service.scope}`)}
            state={<Tag>{service.guess.toUpperCase()}</Tag>}
            action={
              may('resources:write') ? (
                <ButtonLink to="/resources/new" search={prefill(id, service)} size="small" variant="outlined">
                  {t('discovered.publish')}
                </ButtonLink>
              ) : null
            }
          />
        )}
      />
    </Section>
  );
}

/** What the form for a new resource begins with. Sign-in is asked for unless somebody changes it there. */
function prefill(agent: string, { address, guess, process, port }: DiscoveredService) {
  const name = (process ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return { agent, address, kind: guess, name: `${name === '' ? 'service' : name}-${port}`.slice(0, 63) };
}
