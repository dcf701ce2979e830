import Button from '@mui/material/Button';
import Collapse from '@mui/material/Collapse';
import Typography from '@mui/material/Typography';
import { type ReactNode, useId, useState } from 'react';
import { useMessages } from '../base/messages.ts';
import { uiMessages } from './messages.ts';
import { Section } from './section.tsx';

interface FoldedSectionProps {
  readonly title: string;
  /** What is set in it, in one line. */
  readonly summary: string;
  /** Something in it is wrong: it is open then. */
  readonly wrong: boolean;
  readonly children: ReactNode;
}

/** A part of a form that most people never need: closed, it says what is set. */
export function FoldedSection({ title, summary, wrong, children }: FoldedSectionProps) {
  const t = useMessages(uiMessages);
  const id = useId();
  const [opened, setOpened] = useState(false);
  const open = opened || wrong;
  return (
    <Section
      title={title}
      actions={
        <Button
          aria-expanded={open}
          aria-controls={id}
          aria-label={t(open ? 'fold.closeOf' : 'fold.openOf', { title })}
          onClick={() => setOpened(!open)}
        >
          {t(open ? 'fold.close' : 'fold.open')}
        </Button>
      }
    >
      {open ? null : (
        <Typography color="textSecondary" sx={{ overflowWrap: 'anywhere' }}>
          {summary}
        </Typography>
      )}
      <Collapse in={open} id={id} unmountOnExit>
        {children}
      </Collapse>
    </Section>
  );
}
