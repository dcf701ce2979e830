import Button from '@mui/material/Button';
import { type ReactNode, useState } from 'react';
import { useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';

const SHOWN = 8;

/** The first few of many, and all when somebody wants them: five hundred gateways are a thousand addresses. Stands in a grid or list. */
export function SomeOf<Item>(props: { readonly items: readonly Item[]; readonly children: (item: Item) => ReactNode }) {
  const t = useMessages(uiMessages);
  const [all, setAll] = useState(false);
  const { items } = props;
  const shown = all || items.length <= SHOWN + 1 ? items : items.slice(0, SHOWN);
  return (
    <>
      {shown.map(props.children)}
      {shown.length === items.length ? null : (
        <Button size="small" onClick={() => setAll(true)} sx={{ justifySelf: 'start' }}>
          {t('some.more', { count: items.length - shown.length })}
        </Button>
      )}
    </>
  );
}
