import { after } from 'node:test';
import type { Owner } from './world.ts';

/**
 * Owns what all tests of a file share, and ends it after the last of them, newest first. (`after` of node:test, called
 * inside a `before` hook, would belong to that hook.)
 */
export function fileOwner(): Owner {
  const hooks: (() => unknown)[] = [];
  after(async () => {
    const failures: unknown[] = [];
    for (const hook of hooks.splice(0).reverse()) {
      try {
        await hook();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'cleaning up failed');
  });
  return { after: (hook) => void hooks.push(hook as () => unknown) };
}
