import Button from '@mui/material/Button';
import { type ComponentProps, lazy, Suspense, useState } from 'react';
import { useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';

type PlaceDialogProps = ComponentProps<typeof PlaceDialog>;

const PlaceDialog = lazy(async () => ({ default: (await import('./place-dialog.tsx')).PlaceDialog }));

/** Lets somebody say where something is. */
export function PlaceButton(props: Omit<PlaceDialogProps, 'onClose'>) {
  const t = useMessages(uiMessages);
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button variant="outlined" onClick={() => setOpen(true)}>
        {t('place.set')}
      </Button>
      {isOpen ? (
        <Suspense>
          <PlaceDialog {...props} onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </>
  );
}

/** A row of facts: where it is. */
export function usePlaceFact(): (place: PlaceDialogProps['placed']['place']) => readonly [string, string] {
  const t = useMessages(uiMessages);
  return (place) => [t('place'), place?.name ?? t('place.none')];
}
