import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { backupPassphrase } from '@zeronaut/model';
import { useState } from 'react';
import { z } from 'zod';
import { download } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { saveFile } from '../../base/save-file.ts';
import { useMay } from '../../base/session.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { Form } from '../../ui/form.tsx';
import { TextInput } from '../../ui/form-fields.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { Section } from '../../ui/section.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { settingsMessages } from './messages.ts';

const schema = z
  .object({ passphrase: backupPassphrase, again: z.string() })
  .refine(({ passphrase, again }) => passphrase === again, { path: ['again'] });

const COMMANDS = [
  ['backup.commandMake', 'zeronaut console backup zeronaut.backup'],
  ['backup.commandRestore', 'zeronaut console restore zeronaut.backup'],
] as const;

/** The whole console as one encrypted file. */
export function BackupPage() {
  const t = useMessages(settingsMessages);
  const mayMake = useMay()('backups:write');
  const [made, setMade] = useState<string | null>(null);
  return (
    <>
      <SubNavigation of="settings" />
      <PageHeader title={t('backup.title')} subtitle={t('backup.subtitle')} />
      <TwoColumns>
        <Section title={t('backup.make')}>
          <Typography color="textSecondary" sx={{ mb: 2 }}>
            {t('backup.text')}
          </Typography>
          <Form
            schema={schema}
            base={{ values: { passphrase: '', again: '' } }}
            onSubmit={async ({ passphrase }) => {
              setMade(null);
              const file = await download('backups.create', { body: { passphrase } });
              const name = `zeronaut-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.backup`;
              saveFile(file, name);
              setMade(name);
            }}
            stays
            reload={async () => ({ values: { passphrase: '', again: '' } })}
            actions={({ busy }) => (
              <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 2 }}>
                <Button type="submit" variant="contained" loading={busy} disabled={!mayMake}>
                  {t('backup.make')}
                </Button>
                <Box role="status">
                  {made === null ? null : <StatusChip meaning="ok">{t('backup.made', { name: made })}</StatusChip>}
                </Box>
              </Box>
            )}
          >
            <TextInput
              name="passphrase"
              label={t('backup.passphrase')}
              hint={t('backup.passphraseHint')}
              type="password"
              autoComplete="new-password"
              disabled={!mayMake}
            />
            <TextInput
              name="again"
              label={t('backup.again')}
              hint={t('backup.againHint')}
              type="password"
              autoComplete="new-password"
              disabled={!mayMake}
            />
          </Form>
        </Section>
        <Section title={t('backup.commands')}>
          <Box sx={{ display: 'grid', gap: 2 }}>
            {COMMANDS.map(([key, command]) => (
              <div key={key}>
                <Typography variant="body2" gutterBottom>
                  {t(key)}
                </Typography>
                <CopyText text={command} label={t(key)} />
              </div>
            ))}
            <Typography variant="body2" color="textSecondary">
              {t('backup.restoreText')}
            </Typography>
          </Box>
        </Section>
      </TwoColumns>
    </>
  );
}
