import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import { type Notification, type NotificationInput, noticeKind, notificationInput } from '@zeronaut/model';
import { useFormContext, useWatch } from 'react-hook-form';
import { z } from 'zod';
import { call, useRouteMutation } from '../../base/api.ts';
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
const schema = notificationInput;
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

/** Of a channel that is kept the URL is empty: nobody can read it. */
const [webhook, slack, mail] = schema.shape.settings.options;
const keptUrl = slack.extend({ url: z.union([z.literal(''), slack.shape.url]) });
const changeSchema = schema.extend({ settings: z.discriminatedUnion('kind', [webhook, keptUrl, mail]) });

function valuesOf({ name, settings, kinds }: Notification): z.input<typeof changeSchema> {
  const shown = settings.kind === 'slack' ? ({ kind: 'slack', url: '' } as const) : settings;
  return { name, settings: shown, secret: null, kinds };
}

/** Of a receiver that changes so a key, or the URL of a channel, is gone: the API shows neither, so that no undo could send it again. */
function replacesSecret(of: Notification, to: z.output<typeof changeSchema>): boolean {
  const changesKind = of.settings.kind !== to.settings.kind;
  if (of.settings.kind === 'slack') return changesKind || (to.settings.kind === 'slack' && to.settings.url !== '');
  return of.hasSecret && (changesKind || to.secret != null);
}

/** The secret is not shown by the API: without another one, the one that is there stays. */
export function EditNotificationDialog(props: { readonly of: Notification; readonly onClose: () => void }) {
  const t = useMessages(settingsMessages);
  const ui = useMessages(uiMessages);
  const update = useRouteMutation('notifications.update', ['notifications.list']);
  const { id, name, version } = props.of;
  const base = (of: Notification) => ({ values: valuesOf(of), version: of.version });
  return (
    <FormDialog
      title={t('export.editTitle', { name })}
      action={t('save')}
      schema={props.of.settings.kind === 'slack' ? changeSchema : schema}
      base={base(props.of)}
      reload={async () => {
        const { items } = await call('notifications.list', {});
        return base(items.find((one) => one.id === id) ?? props.of);
      }}
      done={ui('done.saved', { name })}
      isFinal={(values) => replacesSecret(props.of, values)}
      onSubmit={({ settings, secret, ...body }, from) =>
        update.mutateAsync({
          params: { id },
          version: from.version ?? version,
          body: {
            ...body,
            ...(settings.kind === 'slack' && settings.url === '' ? {} : { settings }),
            ...(secret === null ? {} : { secret }),
          },
        })
      }
      onClose={props.onClose}
    >
      <Fields known={props.of} />
    </FormDialog>
  );
}

function Fields({ known }: { readonly known?: Notification }) {
  const t = useMessages(settingsMessages);
  const ui = useMessages(uiMessages);
  const kind = useWatch({ name: 'settings.kind' }) as Kind;
  const { setValue } = useFormContext();
  const keepsUrl = kind === 'slack' && known?.settings.kind === 'slack';
  const keepsKey = kind === 'webhook' && known?.hasSecret === true && known.settings.kind === 'webhook';
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
          hint={
            keepsUrl
              ? t('notification.slackKept', { host: (known.settings as { host: string }).host })
              : t(kind === 'slack' ? 'notification.slackHint' : 'notification.urlHint')
          }
          type="url"
        />
      )}
      {kind === 'webhook' ? (
        <TextInput
          name="secret"
          label={t('notification.secret')}
          hint={t(keepsKey ? 'export.secretKept' : 'notification.secretHint')}
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
