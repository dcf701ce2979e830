import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { routeQuery } from '../base/api.ts';
import { useMessages } from '../base/messages.ts';
import { useMay } from '../base/session.ts';
import { uiMessages } from './messages.ts';

const ALL = { limit: 500 } as const;

/** What goes away with a device, for whoever is asked whether it shall. Nothing where that cannot be read. */
export function DeviceEffects({ id }: { readonly id: string }) {
  const t = useMessages(uiMessages);
  const may = useMay();
  const services = useQuery({
    ...routeQuery('services.list', { query: { deviceId: id, ...ALL } }),
    enabled: may('resources:read'),
  });
  const sites = useQuery({ ...routeQuery('sites.list', { query: ALL }), enabled: may('sites:read') });
  if (services.data === undefined || sites.data === undefined) return null;
  const names = [...services.data.items, ...sites.data.items.filter(({ deviceId }) => deviceId === id)].map(
    ({ name }) => name,
  );
  return (
    <Typography>
      {names.length === 0 ? t('device.goesAlone') : t('device.goesWith', { names: names.join(', ') })}
    </Typography>
  );
}
