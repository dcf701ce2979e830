import { useQuery } from '@tanstack/react-query';
import type { RouteResponse, Routes } from '@zeronaut/model';
import { call } from './api.ts';
import { gathered } from './gathered.ts';

export type ResourceHealth = RouteResponse<Routes['resources.health']>['items'][number];
export type HealthState = ResourceHealth['state'];

const ask = gathered(async (ids) => {
  const { items } = await call('resources.health', { query: { ids: ids.join(',') } });
  return new Map(items.map((health) => [health.id, health]));
});

/** Whether its targets can be reached, by what connected gateways say; null: it is not there any more. */
export function useResourceHealth(id: string): ResourceHealth | null | undefined {
  const queryFn = async () => (await ask(id)) ?? null;
  return useQuery({ queryKey: ['resources.health', id], queryFn }).data;
}
