import { worldOutline } from 'virtual:world-outline';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { Place } from '@zeronaut/model';
import { useMessages } from '../base/messages.ts';
import { MAP_HEIGHT, MAP_WIDTH, project } from '../base/world-projection.ts';
import { TextLink } from './button-link.tsx';
import { uiMessages } from './messages.ts';
import { StatusChip } from './status-chip.tsx';

/** A gateway, a site or an agent. */
export interface MapPoint {
  readonly id: string;
  readonly name: string;
  readonly to: '/gateways/$id' | '/sites/$id' | '/devices/$id';
  readonly place: Place | null;
  /** In words: what it is, and how it is. */
  readonly kind: string;
  /** How many tunnels it holds, in words; they are of the devices that are connected. */
  readonly tunnels: string | null;
  readonly state: string;
  /** Null: it has no state of its own. */
  readonly isWell: boolean | null;
}

type Placed = MapPoint & { readonly place: NonNullable<MapPoint['place']> };

/** How near two places are that share a dot, in units of the map. */
const SAME_PLACE = 7;
/** Of those without a place. */
const MAX_NAMED = 30;

/** Where gateways, sites and agents are, as their operators said it, and which have no place. The list says all that the picture does. */
export function WorldMap({ points }: { readonly points: readonly MapPoint[] }) {
  const t = useMessages(uiMessages);
  const placed = points.filter((point): point is Placed => point.place !== null);
  const elsewhere = points.filter(({ place }) => place === null);
  return (
    <Box
      sx={{
        display: 'grid',
        gap: 2,
        alignItems: 'start',
        gridTemplateColumns: { xs: 'minmax(0, 1fr)', md: 'minmax(0, 1fr) 240px' },
      }}
    >
      <Box
        component="svg"
        viewBox={`0 0 ${MAP_WIDTH} ${MAP_HEIGHT}`}
        aria-hidden
        sx={{ width: 1, height: 'auto', display: 'block' }}
      >
        <Box component="use" href={worldOutline} fill="currentColor" sx={{ color: 'text.secondary', opacity: 0.3 }} />
        {dotsOf(placed).map(({ x, y, points: here }) => {
          const isWell = here.every(({ isWell: one }) => one !== false);
          return (
            <Box
              component="g"
              key={here[0]!.id}
              sx={{ color: isWell ? 'success.main' : 'error.main', fill: 'currentColor' }}
            >
              <title>{here.map(({ name }) => name).join(', ')}</title>
              <circle cx={x} cy={y} r={14} opacity={0.2} />
              {/* Whoever sees no colours sees a ring where something is away. */}
              {isWell ? (
                <circle cx={x} cy={y} r={6} />
              ) : (
                <circle cx={x} cy={y} r={6} fill="none" stroke="currentColor" strokeWidth={4} />
              )}
              {here.length > 1 ? (
                <Box
                  component="text"
                  x={x + 12}
                  y={y + 6}
                  fill="currentColor"
                  sx={{ color: 'text.primary', fontSize: 20, fontWeight: 600 }}
                >
                  {here.length}
                </Box>
              ) : null}
            </Box>
          );
        })}
      </Box>
      <Box sx={{ display: 'grid', gap: 2, maxHeight: 320, overflowY: 'auto' }}>
        <Box
          component="ul"
          aria-label={t('map.placed')}
          sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 1 }}
        >
          {placed.map(({ id, name, to, place, kind, tunnels, state, isWell }) => (
            <li key={id}>
              <TextLink to={to} params={{ id }} sx={{ fontWeight: 600 }}>
                {name}
              </TextLink>
              <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1, alignItems: 'center' }}>
                <StatusChip meaning={isWell === null ? 'neutral' : isWell ? 'ok' : 'bad'}>{state}</StatusChip>
                <Typography variant="body2" color="textSecondary" component="span" sx={{ overflowWrap: 'anywhere' }}>
                  {place.name} · {kind}
                  {tunnels === null ? null : (
                    <>
                      {' · '}
                      <TextLink to="/devices" search={{ state: 'approved', sort: '-seen' }}>
                        {tunnels}
                      </TextLink>
                    </>
                  )}
                </Typography>
              </Box>
            </li>
          ))}
        </Box>
        {elsewhere.length === 0 ? null : (
          <div>
            <Typography variant="body2" color="textSecondary">
              {t('map.noPlace')}
            </Typography>
            {elsewhere.slice(0, MAX_NAMED).map(({ id, name, to }, index) => (
              <span key={id}>
                {index === 0 ? '' : ', '}
                <TextLink to={to} params={{ id }}>
                  {name}
                </TextLink>
              </span>
            ))}
            {elsewhere.length > MAX_NAMED ? ` ${t('map.more', { count: elsewhere.length - MAX_NAMED })}` : null}
          </div>
        )}
      </Box>
    </Box>
  );
}

interface Dot {
  readonly x: number;
  readonly y: number;
  readonly points: Placed[];
}

/** What is in one place shares a dot. */
function dotsOf(placed: readonly Placed[]): readonly Dot[] {
  const dots: Dot[] = [];
  for (const point of placed) {
    const [x, y] = project(point.place.longitude, point.place.latitude);
    const near = dots.find((dot) => Math.hypot(dot.x - x, dot.y - y) < SAME_PLACE);
    if (near === undefined) dots.push({ x, y, points: [point] });
    else near.points.push(point);
  }
  return dots;
}
