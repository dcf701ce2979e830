import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Link from '@mui/material/Link';
import Typography from '@mui/material/Typography';
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { type RouteResponse, type Routes, routes } from '@zeronaut/model';
import { generate } from 'lean-qr';
import { type ReactNode, useState } from 'react';
import { call, useRouteMutation } from '../../base/api.ts';
import { atLocalhost } from '../../base/at-localhost.ts';
import { useMessages } from '../../base/messages.ts';
import { tell } from '../../base/notices.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { TextInput } from '../../ui/form-fields.tsx';
import { InfoDialog } from '../../ui/info-dialog.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { myAccessMessages } from './messages.ts';
import { makePasskey, type PasskeyTrouble } from './passkey.ts';

const CHANGED = ['factors.list'] as const;
const passkeySchema = routes['passkeys.create'].body.pick({ name: true });
const passwordSchema = routes['me.changePassword'].body;
const appSchema = routes['factors.confirmTotp'].body;

interface FactorDialogProps {
  /** With the recovery codes that came with it. */
  readonly onMade: (recoveryCodes: readonly string[]) => void;
  readonly onClose: () => void;
}

/** Begun when the dialog opens: browsers want to be asked for a passkey by the click itself, not after an answer of the console. */
function useStarted<Id extends 'passkeys.start' | 'factors.startTotp'>(
  id: Id,
): UseQueryResult<RouteResponse<Routes[Id]>> {
  return useQuery({
    queryKey: ['started', id],
    queryFn: () => call(id, {} as never),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
}

/** What stands in the place of a dialog that cannot begin yet, or may not. */
function Beginning(props: {
  readonly title: string;
  readonly query: Pick<UseQueryResult, 'error' | 'refetch'>;
  readonly onClose: () => void;
}) {
  const { title, query, onClose } = props;
  return (
    <InfoDialog title={title} onClose={onClose}>
      {query.error === null ? (
        <RowsSkeleton rows={2} label={title} />
      ) : (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      )}
    </InfoDialog>
  );
}

export function PasswordDialog({ onClose }: Pick<FactorDialogProps, 'onClose'>) {
  const t = useMessages(myAccessMessages);
  const change = useRouteMutation('me.changePassword', ['me.listSessions', 'sessions.list']);
  return (
    <FormDialog
      title={t('password.change')}
      action={t('password.change')}
      schema={passwordSchema}
      base={{ values: { currentPassword: '', newPassword: '' } }}
      onSubmit={async (body) => {
        await change.mutateAsync({ body });
        tell(t('password.changed'));
      }}
      onClose={onClose}
    >
      <TextInput
        name="currentPassword"
        label={t('password.current')}
        type="password"
        autoComplete="current-password"
        autoFocus
      />
      <TextInput
        name="newPassword"
        label={t('password.new')}
        hint={t('password.hint')}
        type="password"
        autoComplete="new-password"
      />
      <Typography variant="body2">{t('password.text')}</Typography>
    </FormDialog>
  );
}

export function PasskeyDialog({ onMade, onClose }: FactorDialogProps) {
  const t = useMessages(myAccessMessages);
  const started = useStarted('passkeys.start');
  const create = useRouteMutation('passkeys.create', CHANGED);
  const named = atLocalhost(location.href);
  const [trouble, setTrouble] = useState<PasskeyTrouble | null>(named === null ? null : 'address');
  const { data: options } = started;
  if (options === undefined) return <Beginning title={t('passkey.add')} query={started} onClose={onClose} />;
  return (
    <FormDialog
      title={t('passkey.add')}
      action={t('passkey.add')}
      schema={passkeySchema}
      base={{ values: { name: '' } }}
      onSubmit={async ({ name }) => {
        setTrouble(null);
        const credential = await makePasskey(options);
        if (typeof credential === 'string') return setTrouble(credential);
        const { recoveryCodes } = await create.mutateAsync({ body: { name, credential } });
        onMade(recoveryCodes);
      }}
      onClose={onClose}
      keepOpen
    >
      <Typography color="textSecondary">{t('passkey.text')}</Typography>
      <TextInput name="name" label={t('passkey.name')} hint={t('passkey.nameHint')} maxLength={80} autoFocus />
      {trouble === null ? null : (
        <Alert severity="warning" role="alert">
          {t(`passkey.${trouble}`)}
          {trouble === 'address' && named !== null ? (
            <Box>
              <Link href={named}>{t('passkey.atLocalhost')}</Link>
            </Box>
          ) : null}
        </Alert>
      )}
    </FormDialog>
  );
}

export function AppDialog({ onMade, onClose }: FactorDialogProps) {
  const t = useMessages(myAccessMessages);
  const started = useStarted('factors.startTotp');
  const confirm = useRouteMutation('factors.confirmTotp', CHANGED);
  const { data } = started;
  if (data === undefined) return <Beginning title={t('app.add')} query={started} onClose={onClose} />;
  return (
    <FormDialog
      title={t('app.add')}
      action={t('app.confirm')}
      schema={appSchema}
      base={{ values: { code: '' } }}
      onSubmit={async (body) => {
        const { recoveryCodes } = await confirm.mutateAsync({ body });
        onMade(recoveryCodes);
      }}
      onClose={onClose}
      keepOpen
    >
      <Typography color="textSecondary">{t('app.text')}</Typography>
      <QrCode text={data.uri} label={t('app.qr')} />
      <CopyText text={data.secret} label={t('app.secret')} />
      <TextInput
        name="code"
        label={t('app.code')}
        hint={t('app.codeHint')}
        maxLength={40}
        autoComplete="one-time-code"
      />
    </FormDialog>
  );
}

/** Modules of white around the code, so that cameras find it (ISO/IEC 18004, 6.3.8). */
const QUIET_ZONE = 4;

/** Dark on white in every theme. `label`: for who cannot see it. */
function QrCode({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
  const code = generate(text);
  let path = '';
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
  }
  const side = code.size + 2 * QUIET_ZONE;
  return (
    <Box
      component="svg"
      role="img"
      aria-label={label}
      viewBox={`${-QUIET_ZONE} ${-QUIET_ZONE} ${side} ${side}`}
      shapeRendering="crispEdges"
      sx={{ width: 200, height: 200, borderRadius: 2, bgcolor: '#fff', color: '#000', justifySelf: 'center' }}
    >
      <path d={path} fill="currentColor" />
    </Box>
  );
}
