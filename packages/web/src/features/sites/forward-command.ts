/** How to reach a destination; of one that stands for many, an example that fits. */
export function forwardCommand(destination: string): string {
  const colon = destination.lastIndexOf(':');
  const host = destination.slice(0, colon);
  const port = destination.slice(colon + 1) === '*' ? '443' : destination.slice(colon + 1);
  const one =
    host === '*' ? 'host.example' : host.startsWith('*.') ? `host${host.slice(1)}` : host.replace(/\/\d+(\]?)$/, '$1');
  return `npx zeronaut forward ${one}:${port} localhost:${Number(port) < 1024 ? Number(port) + 10_000 : port}`;
}

export function isPattern(destination: string): boolean {
  return destination.includes('*') || destination.includes('/');
}
