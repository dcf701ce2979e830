import { worldOutline } from 'virtual:world-outline';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { Gateway } from '@zeronaut/model';
import { useMessages } from '../base/messages.ts';
import { MAP_HEIGHT, MAP_WIDTH, project } from '../base/world-projection.ts';
import { TextLink } from './button-link.tsx';
import { uiMessages } from './messages.ts';
import { StatusChip } from './status-chip.tsx';

type Placed = Gateway & { readonly place: NonNullable<Gateway['place']> };

/** How near two places are that share a dot, in units of the map. */
const SAME_PLACE = 7;

/** Where gateways are, as their operators said it, and which have no place. The list says all that the picture does. */
export function GatewayMap({ gateways }: { readonly gateways: readonly Gateway[] }) {
  const t = useMessages(uiMessages);
  const placed = gateways.filter((gateway): gateway is Placed => gateway.place !== null);
  const elsewhere = gateways.filter(({ place }) => place === null);
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
        <Box component="path" d={worldOutline} fill="currentColor" sx={{ color: 'text.secondary', opacity: 0.3 }} />
        {dotsOf(placed).map(({ x, y, gateways: here }) => {
          const isWell = here.every(({ connected }) => connected);
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
          {placed.map((gateway) => (
            <li key={gateway.id}>
              <TextLink to="/gateways/$id" params={{ id: gateway.id }} sx={{ fontWeight: 600 }}>
                {gateway.name}
              </TextLink>
              <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1, alignItems: 'center' }}>
                <StatusChip meaning={gateway.connected ? 'ok' : 'bad'}>
                  {t(gateway.connected ? 'map.connected' : 'map.away')}
                </StatusChip>
                <Typography variant="body2" color="textSecondary" component="span" sx={{ overflowWrap: 'anywhere' }}>
                  {gateway.place.name}
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
            {elsewhere.map(({ id, name }, index) => (
              <span key={id}>
                {index === 0 ? '' : ', '}
                <TextLink to="/gateways/$id" params={{ id }}>
                  {name}
                </TextLink>
              </span>
            ))}
          </div>
        )}
      </Box>
    </Box>
  );
}

interface Dot {
  readonly x: number;
  readonly y: number;
  readonly gateways: Placed[];
}

/** Gateways of one place share a dot. */
function dotsOf(placed: readonly Placed[]): readonly Dot[] {
  const dots: Dot[] = [];
  for (const gateway of placed) {
    const [x, y] = project(gateway.place.longitude, gateway.place.latitude);
    const near = dots.find((dot) => Math.hypot(dot.x - x, dot.y - y) < SAME_PLACE);
    if (near === undefined) dots.push({ x, y, gateways: [gateway] });
    else near.gateways.push(gateway);
  }
  return dots;
}
