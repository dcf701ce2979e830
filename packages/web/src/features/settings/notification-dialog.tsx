import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import { type NotificationInput, noticeKind, routes } from '@zeronaut/model';
import { useFormContext, useWatch } from 'react-hook-form';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListInput, TextInput } from '../../ui/form-fields.tsx';
import { uiMessages } from '../../ui/messages.ts';
import { settingsMessages } from './messages.ts';

type Kind = NotificationInput['settings']['kind'];
const SETTINGS: Record<Kind, NotificationInput['settings']> = {
  webhook: { kind: 'webhook', url: '' },
  slack: { kind: 'slack', url: '' },
  mail: { kind: 'mail', to: [] },
};
const KINDS = Object.keys(SETTINGS) as Kind[];
const schema = routes['notifications.create'].body;
/** What the API tells where nobody chooses. */
const USUAL = schema.shape.kinds.parse(undefined);

export function NotificationDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(settingsMessages);
  const create = useRouteMutation('notifications.create', ['notifications.list']);
  return (
    <FormDialog
      title={t('notification.create')}
      action={t('notification.create')}
      schema={schema}
      base={{ values: { name: '', settings: SETTINGS.webhook, secret: null, kinds: USUAL } }}
      onSubmit={(body) => create.mutateAsync({ body })}
      onClose={onClose}
    >
      <Fields />
    </FormDialog>
  );
}

function Fields() {
  const t = useMessages(settingsMessages);
  const ui = useMessages(uiMessages);
  const kind = useWatch({ name: 'settings.kind' }) as Kind;
  const { setValue } = useFormContext();
  return (
    <>
      <TextInput name="name" label={t('export.name')} hint={t('export.nameHint')} autoFocus />
      <TextField
        select
        label={t('export.kind')}
        value={kind}
        onChange={({ target }) => {
          setValue('settings', SETTINGS[target.value as Kind], { shouldDirty: true });
          setValue('secret', null);
        }}
      >
        {KINDS.map((one) => (
          <MenuItem key={one} value={one}>
            {t(`notification.${one}`)}
          </MenuItem>
        ))}
      </TextField>
      {kind === 'mail' ? (
        <ListInput name="settings.to" label={t('notification.to')} hint={t('notification.toHint')} options={[]} />
      ) : (
        <TextInput
          // Each kind has its own: what was typed for one is not kept for the other.
          key={kind}
          name="settings.url"
          label={t('export.url')}
          hint={t(kind === 'slack' ? 'notification.slackHint' : 'notification.urlHint')}
          type="url"
        />
      )}
      {kind === 'webhook' ? (
        <TextInput
          name="secret"
          label={t('notification.secret')}
          hint={t('notification.secretHint')}
          type="password"
          nullable
        />
      ) : null}
      <ListInput
        name="kinds"
        label={t('notification.kinds')}
        options={noticeKind.options}
        free={false}
        labelOf={(value) => ui(`alarm.${noticeKind.parse(value)}`)}
      />
    </>
  );
}
