import { noticeKind, type PushSubscriptionView, pushSubscriptionInput } from '@zeronaut/model';
import { call, queryClient } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { currentSubscription } from '../../base/push.ts';
import { keepPushWish } from '../../base/push-wish.ts';
import { useMe } from '../../base/session.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListInput } from '../../ui/form-fields.tsx';
import { uiMessages } from '../../ui/messages.ts';
import { myAccessMessages } from './messages.ts';

const schema = pushSubscriptionInput.pick({ kinds: true }).required();

/** Of what this browser is told. */
export function PushKindsDialog(props: { readonly of: PushSubscriptionView; readonly onClose: () => void }) {
  const t = useMessages(myAccessMessages);
  const ui = useMessages(uiMessages);
  const me = useMe();
  return (
    <FormDialog
      title={t('push.kinds')}
      action={t('push.choose')}
      schema={schema}
      base={{ values: { kinds: props.of.kinds } }}
      onSubmit={async ({ kinds }) => {
        const subscription = await currentSubscription(kinds);
        if (subscription === null) return;
        await call('push.subscribe', { body: subscription });
        keepPushWish(me, kinds);
        await queryClient.invalidateQueries({ queryKey: ['push.list'] });
      }}
      onClose={props.onClose}
    >
      <ListInput
        name="kinds"
        label={t('push.kinds')}
        options={noticeKind.options}
        free={false}
        labelOf={(value) => ui(`alarm.${noticeKind.parse(value)}`)}
      />
    </FormDialog>
  );
}
