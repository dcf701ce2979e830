import Typography from '@mui/material/Typography';
import { type RelyingParty, relyingPartyChange, routes } from '@zeronaut/model';
import { useRef, useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { findInList } from '../../base/find-in-list.ts';
import { useMessages } from '../../base/messages.ts';
import { useGroups } from '../../base/people.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListInput, SelectInput, TextInput } from '../../ui/form-fields.tsx';
import { RemovalEffects } from '../../ui/removal-effects.tsx';
import { SecretDialog } from '../../ui/secret-dialog.tsx';
import { ConnectDialog } from './connect-dialog.tsx';
import { relyingPartyMessages } from './messages.ts';

const OLD = ['relyingParties.list'] as const;
const WAYS = ['client_secret_basic', 'client_secret_post', 'none'] as const;

interface Made {
  readonly relyingParty: RelyingParty;
  readonly secret: string | null;
}

export function CreateRelyingPartyDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(relyingPartyMessages);
  const create = useRouteMutation('relyingParties.create', OLD);
  const [made, setMade] = useState<Made | null>(null);
  if (made !== null) return <MadeDialog made={made} onClose={onClose} />;
  return (
    <FormDialog
      title={t('create')}
      action={t('create')}
      schema={routes['relyingParties.create'].body}
      base={{
        values: {
          name: '',
          redirectUris: [],
          logoutUri: null,
          authentication: 'client_secret_basic',
          consent: 'ask',
          groups: null,
        },
      }}
      onSubmit={async (body) => setMade(await create.mutateAsync({ body }))}
      onClose={onClose}
      keepOpen
    >
      <Fields />
      <SelectInput
        name="authentication"
        label={t('field.authentication')}
        hint={t('authentication.hint')}
        options={WAYS.map((value) => ({ value, label: t(`authentication.${value}`) }))}
      />
    </FormDialog>
  );
}

function baseOf({ name, redirectUris, logoutUri, consent, groups, version }: RelyingParty) {
  return { values: { name, redirectUris, logoutUri, consent, groups }, version };
}

export function EditRelyingPartyDialog(props: { readonly party: RelyingParty; readonly onClose: () => void }) {
  const { party, onClose } = props;
  const t = useMessages(relyingPartyMessages);
  const update = useRouteMutation('relyingParties.update', OLD);
  return (
    <FormDialog
      title={t('edit.title', { name: party.name })}
      action={t('save')}
      schema={relyingPartyChange}
      base={baseOf(party)}
      reload={async () => baseOf((await findInList('relyingParties.list', ({ id }) => id === party.id)) ?? party)}
      onSubmit={(body, { version }) =>
        update.mutateAsync({ params: { id: party.id }, body, version: version ?? party.version })
      }
      onClose={onClose}
    >
      <Fields />
      {party.consent === 'skip' ? (
        <Typography variant="body2" color="textSecondary">
          {t('consent.again')}
        </Typography>
      ) : null}
    </FormDialog>
  );
}

function Fields() {
  const t = useMessages(relyingPartyMessages);
  const groups = useGroups();
  return (
    <>
      <TextInput name="name" label={t('column.name')} hint={t('name.hint')} maxLength={120} autoFocus />
      <ListInput name="redirectUris" label={t('field.redirects')} hint={t('redirects.hint')} options={[]} />
      <TextInput name="logoutUri" label={t('field.logout')} hint={t('logout.hint')} type="url" nullable />
      <ListInput name="groups" label={t('field.groups')} hint={t('groups.hint')} options={groups} nullable />
      <SelectInput
        name="consent"
        label={t('field.consent')}
        options={(['ask', 'skip'] as const).map((value) => ({ value, label: t(`consent.${value}`) }))}
      />
    </>
  );
}

/** The old secret ends at once, so it is asked first. */
export function RenewSecretDialog(props: { readonly party: RelyingParty; readonly onClose: () => void }) {
  const t = useMessages(relyingPartyMessages);
  const renew = useRouteMutation('relyingParties.renewSecret', OLD);
  const [made, setMade] = useState<Made | null>(null);
  const done = useRef(false);
  if (made !== null) return <MadeDialog made={made} onClose={props.onClose} />;
  return (
    <ConfirmDialog
      open
      title={t('secret.title', { name: props.party.name })}
      action={t('secret')}
      onConfirm={async () => {
        setMade(await renew.mutateAsync({ params: { id: props.party.id } }));
        done.current = true;
      }}
      // It closes itself once it is done; what was made is shown instead.
      onClose={() => (done.current ? undefined : props.onClose())}
    >
      <Typography>{t('secret.text')}</Typography>
      <RemovalEffects of="relyingParties" id={props.party.id} />
    </ConfirmDialog>
  );
}

function MadeDialog({
  made: { relyingParty, secret },
  onClose,
}: {
  readonly made: Made;
  readonly onClose: () => void;
}) {
  const t = useMessages(relyingPartyMessages);
  if (secret === null) return <ConnectDialog party={relyingParty} onClose={onClose} />;
  return (
    <SecretDialog
      title={t('made.title', { name: relyingParty.name })}
      label={t('made.secret')}
      secret={secret}
      onClose={onClose}
    >
      <Typography variant="body2">{t('made.id')}</Typography>
      <CopyText text={relyingParty.id} label={t('made.id')} />
      <Typography variant="body2">{t('made.issuer')}</Typography>
      <CopyText text={relyingParty.issuer} label={t('made.issuer')} />
    </SecretDialog>
  );
}
