import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { call, routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Leads } from '../../ui/leads.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { PendingThing } from '../../ui/pending-thing.tsx';
import { PlaceButton, usePlaceFact } from '../../ui/place-button.tsx';
import { RemovalEffects } from '../../ui/removal-effects.tsx';
import { Section } from '../../ui/section.tsx';
import { useSegmentsFact } from '../../ui/segments-fact.tsx';
import { ShortList } from '../../ui/short-list.tsx';
import { Tag } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { forwardCommand, isPattern } from './forward-command.ts';
import { siteMessages } from './messages.ts';
import { accessText } from './site-access.ts';

const route = getRouteApi('/sites/$id');
/** Commands beyond these say nothing new. */
const SHOWN_COMMANDS = 4;

export function SitePage() {
  const t = useMessages(siteMessages);
  const segmentsFact = useSegmentsFact();
  const placeFact = usePlaceFact();
  const may = useMay();
  const navigate = useNavigate();
  const { id } = route.useParams();
  const { data: site, error, refetch } = useQuery(routeQuery('sites.get', { params: { id } }));
  const deviceId = site?.deviceId ?? null;
  const { data: agent } = useQuery({
    ...routeQuery('devices.get', { params: { id: deviceId ?? '' } }),
    enabled: deviceId !== null && may('devices:read'),
  });
  const [removing, setRemoving] = useState(false);
  const setPlace = useRouteMutation('sites.setPlace', ['sites.list', 'sites.get']);
  const remove = useRouteMutation('sites.delete', ['sites.list', 'sites.get']);
  if (site === undefined) {
    return <PendingThing kind="site" label={t('title')} error={error} onRetry={() => void refetch()} />;
  }
  return (
    <>
      <PageHeader
        title={site.name}
        subtitle={<Tag>{t(`connection.${site.connection}`)}</Tag>}
        actions={
          may('sites:write') ? (
            <>
              <PlaceButton
                name={site.name}
                placed={site}
                reload={() => call('sites.get', { params: { id } })}
                onSave={(place, version) => setPlace.mutateAsync({ params: { id }, body: { place }, version })}
              />
              <Button variant="outlined" color="error" onClick={() => setRemoving(true)}>
                {t('remove')}
              </Button>
            </>
          ) : null
        }
      />
      <TwoColumns>
        <Section title={t('section.destinations')}>
          <ShortList
            label={t('section.destinations')}
            rows={site.destinations}
            padded
            find={{ textOf: (destination) => destination }}
          >
            {(shown) => (
              <Box
                component="ul"
                sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 0.75, overflowWrap: 'anywhere' }}
              >
                {shown.map((destination) => (
                  <li key={destination}>
                    <code>{destination}</code>
                  </li>
                ))}
              </Box>
            )}
          </ShortList>
        </Section>
        <Section title={t('section.about')}>
          <Facts
            rows={[
              [t('column.access'), accessText(site, t)],
              site.deviceId === null
                ? null
                : [
                    t('fact.agent'),
                    <TextLink key="agent" to="/devices/$id" params={{ id: site.deviceId }}>
                      {agent?.name ?? site.deviceId}
                    </TextLink>,
                  ],
              placeFact(site.place),
              segmentsFact(site),
              [t('fact.created'), <Time key="created" at={site.createdAt} />],
              [t('column.updated'), <Time key="updated" at={site.updatedAt} />],
              [t('fact.id'), <code key="id">{site.id}</code>],
            ]}
          />
        </Section>
        <Section title={t('section.forward')}>
          <Box sx={{ display: 'grid', gap: 1.5 }}>
            <Typography color="textSecondary">{t('forward.text')}</Typography>
            {site.destinations.slice(0, SHOWN_COMMANDS).map((destination) => (
              <Box key={destination}>
                {isPattern(destination) ? (
                  <Typography variant="body2" color="textSecondary" sx={{ mb: 0.5 }}>
                    <code>{destination}</code>: {t('forward.pattern')}
                  </Typography>
                ) : null}
                <CopyText text={forwardCommand(destination)} label={t('forward.command', { destination })} />
              </Box>
            ))}
          </Box>
        </Section>
        <Leads id={id} />
      </TwoColumns>
      <ConfirmDialog
        open={removing}
        title={t('remove.title', { name: site.name })}
        action={t('remove')}
        typeName={site.name}
        onConfirm={async () => {
          await remove.mutateAsync({ params: { id } });
          await navigate({ to: '/sites' });
        }}
        onClose={() => setRemoving(false)}
      >
        <Typography>{t('remove.text')}</Typography>
        {removing ? <RemovalEffects of="sites" id={id} /> : null}
        {site.connection === 'tunnel' ? <Typography>{t('remove.agent')}</Typography> : null}
      </ConfirmDialog>
    </>
  );
}
