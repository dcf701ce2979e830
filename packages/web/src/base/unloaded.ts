/** Which errors mean that a file of the web console could not be fetched. What they say differs between browsers, and is for none of their people. */
const unloaded = new WeakSet<object>();

/** Before the first page: what is built by Vite says so on the window. */
export function watchUnloaded(): void {
  addEventListener('vite:preloadError', (event) => {
    const { payload } = event as Event & { readonly payload?: unknown };
    if (typeof payload === 'object' && payload !== null) unloaded.add(payload);
  });
}

export function isUnloaded(error: unknown): boolean {
  return typeof error === 'object' && error !== null && unloaded.has(error);
}
