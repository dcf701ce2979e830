import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { type AuditExport, type AuditExportSettings, routes } from '@zeronaut/model';
import { useFormContext, useWatch } from 'react-hook-form';
import { call, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { NumberInput, SelectInput, TextInput } from '../../ui/form-fields.tsx';
import { settingsMessages } from './messages.ts';

type Kind = AuditExportSettings['kind'];
const SETTINGS: Record<Kind, AuditExportSettings> = {
  syslog: { kind: 'syslog', host: '', port: 6514, transport: 'tls', certificateAuthority: null },
  otlp: { kind: 'otlp', url: '', header: 'authorization', certificateAuthority: null },
};

export function CreateAuditExportDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(settingsMessages);
  const create = useRouteMutation('auditExports.create', ['auditExports.list']);
  return (
    <FormDialog
      title={t('export.create')}
      action={t('export.create')}
      schema={routes['auditExports.create'].body}
      base={{ values: { name: '', settings: SETTINGS.syslog, secret: null, from: 'now' } }}
      onSubmit={(body) => create.mutateAsync({ body })}
      onClose={onClose}
    >
      <TextInput name="name" label={t('export.name')} hint={t('export.nameHint')} autoFocus />
      <KindField />
      <SettingsFields secretHint={t('export.secretHint')} />
      <SelectInput
        name="from"
        label={t('export.from')}
        options={(['now', 'beginning'] as const).map((value) => ({ value, label: t(`export.from.${value}`) }))}
      />
    </FormDialog>
  );
}

/** Entries go on from where the receiver is. The secret is not shown by the API: without one, the one that is there stays. */
export function EditAuditExportDialog(props: { readonly of: AuditExport; readonly onClose: () => void }) {
  const t = useMessages(settingsMessages);
  const { id, name, hasSecret, version } = props.of;
  const base = (of: AuditExport) => ({ values: { name: of.name, settings: of.settings }, version: of.version });
  const update = useRouteMutation('auditExports.update', ['auditExports.list']);
  return (
    <FormDialog
      title={t('export.editTitle', { name })}
      action={t('save')}
      schema={routes['auditExports.update'].body}
      base={base(props.of)}
      reload={async () => base(await call('auditExports.get', { params: { id } }))}
      onSubmit={({ secret, ...body }, from) =>
        update.mutateAsync({
          params: { id },
          version: from.version ?? version,
          body: secret == null ? body : { ...body, secret },
        })
      }
      onClose={props.onClose}
    >
      <Typography color="textSecondary">{t('export.editText')}</Typography>
      <TextInput name="name" label={t('export.name')} hint={t('export.nameHint')} autoFocus />
      <SettingsFields secretHint={t(hasSecret ? 'export.secretKept' : 'export.secretHint')} />
    </FormDialog>
  );
}

function KindField() {
  const t = useMessages(settingsMessages);
  const kind = useWatch({ name: 'settings.kind' }) as Kind;
  const { setValue } = useFormContext();
  return (
    <TextField
      select
      label={t('export.kind')}
      value={kind}
      onChange={({ target }) => setValue('settings', SETTINGS[target.value as Kind], { shouldDirty: true })}
    >
      <MenuItem value="syslog">{t('export.syslog')}</MenuItem>
      <MenuItem value="otlp">{t('export.otlp')}</MenuItem>
    </TextField>
  );
}

function SettingsFields({ secretHint }: { readonly secretHint: string }) {
  const t = useMessages(settingsMessages);
  const kind = useWatch({ name: 'settings.kind' }) as Kind;
  return (
    <>
      {kind === 'syslog' ? (
        <>
          <TextInput name="settings.host" label={t('export.host')} hint={t('export.hostHint')} />
          <NumberInput name="settings.port" label={t('export.port')} />
          <SelectInput
            name="settings.transport"
            label={t('export.transport')}
            hint={t('export.transportHint')}
            options={[
              { value: 'tls', label: 'TLS' },
              { value: 'tcp', label: 'TCP' },
            ]}
          />
        </>
      ) : (
        <>
          <TextInput
            name="settings.url"
            label={t('export.url')}
            hint="https://collector.example.com/v1/logs"
            type="url"
          />
          <TextInput name="settings.header" label={t('export.header')} />
          <TextInput name="secret" label={t('export.secret')} hint={secretHint} type="password" nullable />
        </>
      )}
      <TextInput
        name="settings.certificateAuthority"
        label={t('export.authority')}
        hint={t('export.authorityHint')}
        rows={3}
        nullable
      />
    </>
  );
}
