import { useQuery } from '@tanstack/react-query';
import { call } from './api.ts';
import { gathered } from './gathered.ts';

const ask = gathered(async (ids) => {
  const { items } = await call('traffic.sparklines', { query: { ids: ids.join(','), range: '1h' } });
  return new Map(items.map(({ id, requests }) => [id, requests]));
});

/** Requests of the last hour of a resource or gateway. */
export function useSparkline(id: string, isOn: boolean): readonly number[] | undefined {
  const queryFn = async () => (await ask(id)) ?? [];
  return useQuery({ queryKey: ['traffic.sparklines', id], queryFn, enabled: isOn }).data;
}
