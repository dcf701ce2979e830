import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { type AuditRetention, routes } from '@zeronaut/model';
import { useState } from 'react';
import { call, routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { tell } from '../../base/notices.ts';
import { useMay } from '../../base/session.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Form } from '../../ui/form.tsx';
import { NumberInput } from '../../ui/form-fields.tsx';
import { Section } from '../../ui/section.tsx';
import { settingsMessages } from './messages.ts';
import { SaveActions } from './save-actions.tsx';
import { SettingPage } from './setting-page.tsx';

function baseOf({ version, ...values }: AuditRetention) {
  return { values, version };
}

/** Whether something that is kept now would go. */
function isShorter(before: Pick<AuditRetention, 'entryDays' | 'eventDays'>, after: typeof before): boolean {
  const days = (value: number | null) => value ?? Number.POSITIVE_INFINITY;
  return days(after.entryDays) < days(before.entryDays) || after.eventDays < before.eventDays;
}

export function RetentionPage() {
  const t = useMessages(settingsMessages);
  const query = useQuery(routeQuery('audit.getRetention', {}));
  return (
    <SettingPage title={t('retention.title')} subtitle={t('retention.subtitle')} query={query}>
      {(retention) => <RetentionForm retention={retention} />}
    </SettingPage>
  );
}

function RetentionForm({ retention }: { readonly retention: AuditRetention }) {
  const t = useMessages(settingsMessages);
  const mayChange = useMay()('audit_retention:write');
  const set = useRouteMutation('audit.setRetention', ['audit.getRetention']);
  const [answer, setAnswer] = useState<{ readonly give: (confirmed: boolean) => void } | null>(null);
  const ask = () => new Promise<boolean>((give) => setAnswer({ give }));
  return (
    <Box sx={{ maxWidth: 720 }}>
      <Section>
        <Form
          schema={routes['audit.setRetention'].body}
          base={baseOf(retention)}
          reload={async () => baseOf(await call('audit.getRetention', {}))}
          onSubmit={async (body, { values, version }) => {
            if (isShorter({ entryDays: values.entryDays ?? null, eventDays: values.eventDays ?? 0 }, body)) {
              if (!(await ask())) return false;
            }
            await set.mutateAsync({ body, version: version ?? retention.version });
            // What was removed meanwhile does not come back: no way back is offered.
            tell(t('saved'));
            return true;
          }}
          stays
          actions={(state) => <SaveActions {...state} mayChange={mayChange} />}
        >
          <NumberInput
            name="entryDays"
            label={t('retention.entries')}
            hint={t('retention.entriesHint')}
            unit={t('unit.days')}
            disabled={!mayChange}
            nullable
          />
          <NumberInput
            name="eventDays"
            label={t('retention.events')}
            hint={t('retention.eventsHint')}
            unit={t('unit.days')}
            disabled={!mayChange}
          />
        </Form>
      </Section>
      <ConfirmDialog
        open={answer !== null}
        title={t('retention.shorterTitle')}
        action={t('retention.shorten')}
        onConfirm={async () => answer?.give(true)}
        onClose={() => {
          answer?.give(false);
          setAnswer(null);
        }}
      >
        <Typography>{t('retention.shorterText')}</Typography>
      </ConfirmDialog>
    </Box>
  );
}
