import { routes } from '@zeronaut/model';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { SelectInput } from '../../ui/form-fields.tsx';
import { resourceMessages } from './messages.ts';

const HOUR_SECONDS = 3_600;
const HOURS = [1, 8, 24, 168, 720];
const DEFAULT_HOURS = 24;

/** For how long guests come in by a link, which is shown once. */
export function ShareDialog(props: {
  readonly resource: { readonly id: string; readonly name: string };
  readonly onMade: (urls: readonly string[]) => void;
  readonly onClose: () => void;
}) {
  const t = useMessages(resourceMessages);
  const { resource } = props;
  const create = useRouteMutation('shares.create', ['shares.list']);
  return (
    <FormDialog
      title={t('share.title', { name: resource.name })}
      action={t('share.create')}
      schema={routes['shares.create'].body}
      base={{ values: { ttlSeconds: DEFAULT_HOURS * HOUR_SECONDS } }}
      onSubmit={async (body) => {
        const { urls } = await create.mutateAsync({ params: { id: resource.id }, body });
        props.onMade(urls);
      }}
      onClose={props.onClose}
    >
      <SelectInput
        name="ttlSeconds"
        label={t('share.for')}
        options={HOURS.map((hours) => ({
          value: hours * HOUR_SECONDS,
          label: hours < 48 ? t('share.hours', { count: hours }) : t('share.days', { count: hours / 24 }),
        }))}
      />
      <span>{t('share.text')}</span>
    </FormDialog>
  );
}
