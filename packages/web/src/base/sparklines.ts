import { useQuery } from '@tanstack/react-query';
import { call } from './api.ts';

const AT_ONCE = 100;
const GATHER_MS = 20;

type Take = { readonly resolve: (requests: readonly number[]) => void; readonly reject: (error: unknown) => void };
const waiting = new Map<string, Take[]>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** Requests of the last hour of a resource or gateway. What the rows of a list ask for at once is one call. */
export function useSparkline(id: string, isOn: boolean): readonly number[] | undefined {
  return useQuery({ queryKey: ['traffic.sparklines', id], queryFn: () => ask(id), enabled: isOn }).data;
}

function ask(id: string): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    waiting.set(id, [...(waiting.get(id) ?? []), { resolve, reject }]);
    if (timer === undefined) timer = setTimeout(send, GATHER_MS);
  });
}

function send(): void {
  timer = undefined;
  const all = [...waiting];
  waiting.clear();
  for (let i = 0; i < all.length; i += AT_ONCE) void fetchSome(all.slice(i, i + AT_ONCE));
}

async function fetchSome(some: readonly (readonly [string, readonly Take[]])[]): Promise<void> {
  try {
    const { items } = await call('traffic.sparklines', {
      query: { ids: some.map(([id]) => id).join(','), range: '1h' },
    });
    const found = new Map(items.map(({ id, requests }) => [id, requests]));
    for (const [id, takes] of some) for (const { resolve } of takes) resolve(found.get(id) ?? []);
  } catch (error) {
    for (const [, takes] of some) for (const { reject } of takes) reject(error);
  }
}
