import Box from '@mui/material/Box';
import Card from '@mui/material/Card';
import Link from '@mui/material/Link';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { Fragment } from 'react';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMe } from '../../base/session.ts';
import { type RowOf, useList } from '../../base/use-list.ts';
import { ButtonLink } from '../../ui/button-link.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { ExternalIcon, ResourceIcon } from '../../ui/icons.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { Row, Rows } from '../../ui/rows.tsx';
import { Section } from '../../ui/section.tsx';
import { ShortList } from '../../ui/short-list.tsx';
import { EmptyState, ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Tag } from '../../ui/tag.tsx';
import { Time } from '../../ui/time.tsx';
import { myAccessMessages } from './messages.ts';

type Reached = RowOf<'me.listReach'>;
const SHOWN_REQUESTS = 5;
const MEANING: Record<string, Meaning> = { pending: 'warn', approved: 'ok', refused: 'bad' };

/** Where members land: everything they may open, and what they asked for. */
export function MyAccessPage() {
  const t = useMessages(myAccessMessages);
  const me = useMe();
  const { rows, error, reload, hasMore, loadMore } = useList('me.listReach', {});
  if (hasMore) loadMore();
  return (
    <>
      <SubNavigation of="mine" />
      <PageHeader
        title={t('title')}
        subtitle={t('subtitle', { name: me.organization.name })}
        actions={
          <ButtonLink to="/access-requests" search={{ ask: '1' }} variant="outlined">
            {t('ask')}
          </ButtonLink>
        }
      />
      {rows === undefined || (rows.length === 0 && hasMore) ? (
        <Card>
          {error === null ? <RowsSkeleton label={t('title')} /> : <ErrorState error={error} onRetry={reload} />}
        </Card>
      ) : rows.length === 0 ? (
        <Card>
          <EmptyState title={t('empty.title')} icon={<ResourceIcon />}>
            {t('empty.text')}
          </EmptyState>
        </Card>
      ) : (
        <Box component="section" aria-label={t('title')}>
          <ShortList
            label={t('title')}
            rows={rows}
            padded
            find={{
              textOf: ({ name, protocol, urls }) => [name, protocol, ...urls].join(' '),
              filters: [
                {
                  key: 'kind',
                  label: t('kind'),
                  options: [
                    ...(['http', 'tcp', 'udp'] as const).map((value) => ({ value, label: value.toUpperCase() })),
                    { value: 'site', label: t('site') },
                  ],
                  matches: ({ kind, protocol }, value) => value === (kind === 'site' ? kind : protocol),
                },
              ],
              orders: [{ key: 'name', value: ({ name }) => name }],
            }}
          >
            {(shown) => (
              <Box
                component="ul"
                sx={{
                  listStyle: 'none',
                  m: 0,
                  p: 0,
                  display: 'grid',
                  gap: 2,
                  gridTemplateColumns: 'repeat(auto-fill, minmax(min(280px, 100%), 1fr))',
                }}
              >
                {shown.map((one) => (
                  <Tile key={one.id} reached={one} />
                ))}
              </Box>
            )}
          </ShortList>
        </Box>
      )}
      <Box sx={{ mt: 3 }}>
        <MyRequests />
      </Box>
    </>
  );
}

/** One thing to open; where there is a page, all of the tile leads to it. */
function Tile({ reached: { name, protocol, kind, urls, gateways, portals, depends } }: { readonly reached: Reached }) {
  const t = useMessages(myAccessMessages);
  const [first, ...more] = urls;
  const isPage = first?.startsWith('https://') ?? false;
  return (
    <Card
      component="li"
      sx={{
        position: 'relative',
        p: 2,
        display: 'grid',
        gap: 1,
        alignContent: 'start',
        minWidth: 0,
        '&:hover': isPage ? { borderColor: 'primary.main' } : {},
      }}
    >
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 1 }}>
        <Typography variant="h2" component="h2" sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
          {isPage ? (
            <Link
              href={first}
              target="_blank"
              rel="noreferrer"
              color="inherit"
              underline="none"
              sx={{ '&::after': { content: '""', position: 'absolute', inset: 0 } }}
            >
              {name}
            </Link>
          ) : (
            name
          )}
        </Typography>
        {isPage ? (
          <ExternalIcon fontSize="small" titleAccess={t('newWindow')} sx={{ color: 'text.secondary' }} />
        ) : (
          <Tag>{kind === 'site' ? t('site') : (protocol ?? '').toUpperCase()}</Tag>
        )}
      </Box>
      {isPage ? (
        <Typography variant="body2" color="textSecondary" noWrap title={first}>
          {new URL(first!).host}
        </Typography>
      ) : first === undefined ? (
        <Typography variant="body2" color="textSecondary">
          {t(kind === 'site' ? 'site.text' : 'noGateway')}
        </Typography>
      ) : (
        <CopyText text={first} label={t('address', { name })} />
      )}
      {portals === undefined || portals.length === 0 ? null : (
        <Typography variant="body2" color="textSecondary" component="div" sx={{ overflowWrap: 'anywhere' }}>
          {t('port.text')}{' '}
          {portals.map((url, index) => (
            <Fragment key={url}>
              {index === 0 ? null : ', '}
              <Link href={url} target="_blank" rel="noreferrer">
                {new URL(url).host}
              </Link>
            </Fragment>
          ))}
        </Typography>
      )}
      {more.length === 0 || !isPage ? null : (
        <Box sx={{ position: 'relative', zIndex: 1, display: 'flex', flexWrap: 'wrap', columnGap: 1.5 }}>
          {more.map((url) => (
            <Link key={url} href={url} target="_blank" rel="noreferrer" variant="body2">
              {new URL(url).host}
            </Link>
          ))}
        </Box>
      )}
      {gateways === undefined ? null : (
        <Typography variant="body2" color="textSecondary" sx={{ overflowWrap: 'anywhere' }}>
          {t('gateways', { names: gateways.join(', ') })}
        </Typography>
      )}
      {depends ? <StatusChip meaning="neutral">{t('depends')}</StatusChip> : null}
    </Card>
  );
}

function MyRequests() {
  const t = useMessages(myAccessMessages);
  const requests = useQuery(routeQuery('accessRequests.list', { query: { limit: 100 } }));
  const toDecide = requests.data?.items.filter(({ decidable }) => decidable).length ?? 0;
  return (
    <Section
      title={t('requests')}
      flush
      actions={
        <ButtonLink to="/access-requests" search={toDecide > 0 ? { whose: 'decidable' } : {}} size="small">
          {toDecide > 0 ? t('requests.decide', { count: toDecide }) : t('requests.all')}
        </ButtonLink>
      }
    >
      <Rows
        label={t('requests')}
        query={requests}
        itemsOf={({ items }) => items.filter(({ mine }) => mine).slice(0, SHOWN_REQUESTS)}
        none={t('requests.none')}
        row={(request) => (
          <Row
            key={request.id}
            title={request.object}
            detail={
              <>
                {request.reason} · <Time at={request.createdAt} />
              </>
            }
            state={
              <StatusChip meaning={MEANING[request.status] ?? 'neutral'}>{t(`request.${request.status}`)}</StatusChip>
            }
          />
        )}
      />
    </Section>
  );
}
