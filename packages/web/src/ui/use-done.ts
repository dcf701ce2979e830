import { useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';

const KEYS = {
  saved: 'done.saved',
  removed: 'done.removed',
  disabled: 'done.disabled',
  enabled: 'done.enabled',
  stopped: 'done.stopped',
  started: 'done.started',
} as const;

/** The sentence for `tell`: what was done to whom. */
export function useDone(): (what: keyof typeof KEYS, name: string) => string {
  const t = useMessages(uiMessages);
  return (what, name) => t(KEYS[what], { name });
}
