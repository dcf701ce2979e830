import Box from '@mui/material/Box';
import MenuItem from '@mui/material/MenuItem';
import Tab from '@mui/material/Tab';
import Tabs from '@mui/material/Tabs';
import TextField from '@mui/material/TextField';
import type { PolicyMode } from '@zeronaut/model';
import { lazy, type ReactNode, Suspense } from 'react';
import { useMessages } from '../../base/messages.ts';
import { Section } from '../../ui/section.tsx';
import { RowsSkeleton } from '../../ui/states.tsx';
import type { Draft } from './draft.ts';
import { policyMessages } from './messages.ts';
import { PolicyText } from './policy-text.tsx';
import { ReplayPanel } from './replay-panel.tsx';
import { SimulatePanel } from './simulate-panel.tsx';

const PolicyFormView = lazy(async () => ({ default: (await import('./policy-form-view.tsx')).PolicyFormView }));

const VIEWS = ['text', 'form', 'try', 'replay', 'versions'] as const;
export type View = (typeof VIEWS)[number];
const MODES: readonly PolicyMode[] = ['enforce', 'report', 'off'];

interface DraftViewsProps {
  readonly draft: Draft;
  readonly onDraft: (change: Partial<Draft>) => void;
  readonly view: string | undefined;
  readonly onView: (view: View) => void;
  readonly readOnly: boolean;
  /** It differs from what is in force. */
  readonly changed: boolean;
  /** The name is chosen once. */
  readonly withName?: boolean;
  readonly versions?: ReactNode;
}

/** One policy from all sides: text, form, what it would do, what it was. */
export function DraftViews(props: DraftViewsProps) {
  const { draft, onDraft, readOnly, changed, versions } = props;
  const t = useMessages(policyMessages);
  const shown = VIEWS.filter((one) => one !== 'versions' || versions !== undefined);
  const view = shown.find((one) => one === props.view) ?? 'text';
  return (
    <Section>
      <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: { xs: 'minmax(0, 1fr)', sm: '1fr 200px' }, mb: 2 }}>
        {props.withName ? (
          <TextField
            label={t('field.name')}
            value={draft.name}
            onChange={(event) => onDraft({ name: event.target.value })}
            helperText={t('field.nameHelp')}
            autoComplete="off"
            required
            slotProps={{ htmlInput: { maxLength: 63 } }}
          />
        ) : (
          <TextField
            label={t('field.description')}
            value={draft.description}
            onChange={(event) => onDraft({ description: event.target.value })}
            slotProps={{ htmlInput: { maxLength: 500, readOnly } }}
          />
        )}
        <TextField
          select
          label={t('field.mode')}
          value={draft.mode}
          onChange={(event) => onDraft({ mode: event.target.value as PolicyMode })}
          helperText={t(`mode.help.${draft.mode}`)}
          disabled={readOnly}
        >
          {MODES.map((mode) => (
            <MenuItem key={mode} value={mode}>
              {t(`mode.${mode}`)}
            </MenuItem>
          ))}
        </TextField>
        {props.withName ? (
          <TextField
            label={t('field.description')}
            value={draft.description}
            onChange={(event) => onDraft({ description: event.target.value })}
            slotProps={{ htmlInput: { maxLength: 500 } }}
            sx={{ gridColumn: '1 / -1' }}
          />
        ) : null}
      </Box>
      <Tabs
        value={view}
        onChange={(_, next: View) => props.onView(next)}
        aria-label={t('view.label')}
        variant="scrollable"
        // On a phone the row is wider than the page: arrows show that it goes on.
        scrollButtons="auto"
        allowScrollButtonsMobile
        sx={{
          borderBottom: 1,
          borderColor: 'divider',
          mb: 2,
          '& .MuiTabScrollButton-root': { width: 28 },
          '& .MuiTabScrollButton-root.Mui-disabled': { width: 0 },
        }}
      >
        {shown.map((one) => (
          <Tab key={one} value={one} label={t(`view.${one}`)} id={`view-${one}`} aria-controls="view-panel" />
        ))}
      </Tabs>
      <Box role="tabpanel" id="view-panel" aria-labelledby={`view-${view}`}>
        {view === 'text' ? (
          <PolicyText text={draft.text} onText={(text) => onDraft({ text })} readOnly={readOnly} />
        ) : null}
        {view === 'form' ? (
          <Suspense fallback={<RowsSkeleton label={t('form.loading')} />}>
            <PolicyFormView text={draft.text} onText={(text) => onDraft({ text })} readOnly={readOnly} />
          </Suspense>
        ) : null}
        {view === 'try' ? <SimulatePanel draft={changed ? draft : undefined} /> : null}
        {view === 'replay' ? <ReplayPanel draft={draft} changed={changed} /> : null}
        {view === 'versions' ? versions : null}
      </Box>
    </Section>
  );
}
