import { lazy, type ReactNode } from 'react';
import { useMessages } from '../base/messages.ts';
import { useMay } from '../base/session.ts';
import { FactWithDialog } from './fact-with-dialog.tsx';
import { uiMessages } from './messages.ts';
import type { InSegments } from './segments-dialog.tsx';

const SegmentsDialog = lazy(async () => ({ default: (await import('./segments-dialog.tsx')).SegmentsDialog }));

/** A row of facts: the segments that something is in, and the way to change them for whoever writes policies. */
export function useSegmentsFact(): (of: InSegments) => readonly [string, ReactNode] | null {
  const t = useMessages(uiMessages);
  const mayChange = useMay()('policies:write');
  return (of) => (of.segments.length === 0 && !mayChange ? null : [t('segments'), <Segments key={of.id} of={of} />]);
}

function Segments({ of }: { readonly of: InSegments }) {
  const t = useMessages(uiMessages);
  const mayChange = useMay()('policies:write');
  return (
    <FactWithDialog
      action={mayChange ? t('segments.change') : null}
      dialog={(onClose) => <SegmentsDialog of={of} onClose={onClose} />}
    >
      <span>{of.segments.length === 0 ? t('segments.none') : of.segments.join(', ')}</span>
    </FactWithDialog>
  );
}
