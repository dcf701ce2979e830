import { useQuery } from '@tanstack/react-query';
import type { DeviceView } from '@zeronaut/model';
import { routeQuery } from '../../base/api.ts';
import { formatCount } from '../../base/chart-scale.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { Row, Rows } from '../../ui/rows.tsx';
import { Section } from '../../ui/section.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { Time } from '../../ui/time.tsx';
import { deviceMessages } from './messages.ts';

/** Whether it has a tunnel now, or when it had one last. */
export function DevicePresence({ device }: { readonly device: DeviceView }) {
  const t = useMessages(deviceMessages);
  return device.connected ? <StatusChip meaning="ok">{t('seen.now')}</StatusChip> : <Time at={device.lastSeenAt} />;
}

/** Which gateways it is connected to, since when and with what, by word of the gateways. */
export function DeviceTunnels({ id }: { readonly id: string }) {
  const t = useMessages(deviceMessages);
  const language = useLanguage();
  const query = useQuery(routeQuery('devices.listTunnels', { params: { id } }));
  return (
    <Section title={t('section.tunnels')} flush>
      <Rows
        label={t('section.tunnels')}
        query={query}
        itemsOf={({ gateways }) => gateways}
        none={t('tunnels.none')}
        find={{
          name: 'tunnels',
          textOf: ({ name, tunnels }) => [name, ...(tunnels ?? []).map(({ address }) => address)].join(' '),
        }}
        row={(gateway) => (
          <Row
            key={gateway.id}
            title={
              <TextLink to="/gateways/$id" params={{ id: gateway.id }}>
                {gateway.name}
              </TextLink>
            }
            detail={
              gateway.tunnels === null
                ? t('tunnels.unknown')
                : gateway.tunnels.map((tunnel) => (
                    <div key={`${tunnel.openedAt} ${tunnel.address}`}>
                      <Time at={tunnel.openedAt} /> · {tunnel.address} ·{' '}
                      {t('tunnels.streams', { count: formatCount(tunnel.streams, language) })} ·{' '}
                      {t('tunnels.serving', { count: formatCount(tunnel.serving, language) })}
                    </div>
                  ))
            }
          />
        )}
      />
    </Section>
  );
}
