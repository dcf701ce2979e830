import { useMessages } from '../base/messages.ts';
import type { LifeState } from './life-state.tsx';
import { uiMessages } from './messages.ts';

/** The word for a state, for filters. */
export function useLifeState(): (state: LifeState) => string {
  const t = useMessages(uiMessages);
  return (state) => t(`life.${state}`);
}
