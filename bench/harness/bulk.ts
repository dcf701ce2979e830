import { program, type Stage } from './stage.ts';
import type { Endpoint } from './wrk.ts';

/** Arguments of curl for one download of `/bulk` that is thrown away. */
function download(endpoint: Endpoint): string[] {
  return [
    ...['--silent', '--fail', '--output', '/dev/null', '--write-out', '%{speed_download} %{size_download}'],
    ...(endpoint.host === undefined ? [] : ['--header', `Host: ${endpoint.host}`]),
    `http://127.0.0.1:${endpoint.port}/bulk`,
  ];
}

/** Megabytes (10^6) a second of one download; fails if it was cut short. */
export async function bulkThroughput(stage: Stage, endpoint: Endpoint, bytes: number): Promise<number> {
  const [speed, size] = (await stage.load(program('curl'), download(endpoint))).split(' ').map(Number);
  if (size !== bytes) throw new Error(`a download of ${bytes} bytes ended after ${size}`);
  return speed! / 1e6;
}

/** Keeps `count` downloads running side by side until the returned function is called. */
export function keepDownloading(stage: Stage, endpoint: Endpoint, count: number): () => Promise<void> {
  let stopped = false;
  const running = new Set<{ kill(): Promise<unknown> }>();
  const lanes = Array.from({ length: count }, async () => {
    while (!stopped) {
      const child = stage.start(stage.loadCore, program('curl'), download(endpoint));
      running.add(child);
      const exit = await child.exited;
      running.delete(child);
      if (!stopped && exit.code !== 0) throw new Error(`a background download failed: ${child.output()}`);
    }
  });
  return async () => {
    stopped = true;
    await Promise.all([...running].map((child) => child.kill()));
    await Promise.all(lanes);
  };
}
