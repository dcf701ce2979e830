import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import type { UseQueryResult } from '@tanstack/react-query';
import type { Device, Factor, Session } from '@zeronaut/model';
import { type ReactNode, useState } from 'react';
import { useMessages } from '../base/messages.ts';
import { programOf } from '../base/program-of.ts';
import { useMe } from '../base/session.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { DeviceEffects } from './device-effects.tsx';
import { uiMessages } from './messages.ts';
import { Row, Rows } from './rows.tsx';
import { Section } from './section.tsx';
import { StatusChip } from './status-chip.tsx';
import { Time } from './time.tsx';

/** What somebody signs in with, where they are signed in, and their machines: of whoever looks, or of another user. */
interface SignInSectionProps<Data> {
  readonly query: UseQueryResult<Data>;
  /** One sentence for when there is none. */
  readonly none: string;
}

export function FactorsSection(
  props: SignInSectionProps<{ readonly items: readonly Factor[]; readonly recoveryCodesLeft: number }> & {
    readonly actions?: ReactNode;
    readonly actionOf?: (factor: Factor) => ReactNode;
    readonly children?: ReactNode;
  },
) {
  const t = useMessages(uiMessages);
  const { data } = props.query;
  return (
    <Section title={t('factors')} flush actions={props.actions}>
      <Rows
        label={t('factors')}
        query={props.query}
        itemsOf={({ items }) => items}
        none={props.none}
        row={(factor) => (
          <Row
            key={factor.id}
            title={factor.name}
            detail={
              <>
                {t(`factor.${factor.kind}`)}
                {factor.site === null ? '' : ` · ${factor.site}`} · {t('used')} <Time at={factor.lastUsedAt} />
              </>
            }
            action={props.actionOf?.(factor)}
          />
        )}
      />
      {data === undefined || data.items.length === 0 ? null : (
        <Typography variant="body2" color="textSecondary" sx={{ px: { xs: 2, sm: 2.5 }, pb: 2 }}>
          {t('factors.recovery', { count: data.recoveryCodesLeft })}
        </Typography>
      )}
      {props.children}
    </Section>
  );
}

/** `onEnd` where they may be ended; not the one that is looking. */
export function SessionsSection(
  props: SignInSectionProps<{ readonly items: readonly Session[] }> & {
    readonly onEnd?: (session: Session) => Promise<unknown>;
  },
) {
  const t = useMessages(uiMessages);
  const me = useMe();
  const [ending, setEnding] = useState<Session | null>(null);
  return (
    <Section title={t('sessions')} flush>
      <Rows
        label={t('sessions')}
        query={props.query}
        itemsOf={({ items }) => items}
        none={props.none}
        find={{
          name: 'sessions',
          textOf: (session) =>
            [t(`session.${session.kind}`, { program: programOf(session.userAgent) ?? '' }), session.address].join(' '),
          orders: [{ key: 'ends', value: ({ expiresAt }) => Date.parse(expiresAt) }],
        }}
        row={(session) => (
          <Row
            key={session.id}
            title={t(`session.${session.kind}`, { program: programOf(session.userAgent) ?? t('session.unknown') })}
            detail={
              <>
                {session.address} · {t('began')} <Time at={session.createdAt} /> · {t('until')}{' '}
                <Time at={session.expiresAt} />
              </>
            }
            state={session.id === me.sessionId ? <StatusChip meaning="ok">{t('session.this')}</StatusChip> : undefined}
            action={
              session.id === me.sessionId || props.onEnd === undefined ? undefined : (
                <Button size="small" color="error" onClick={() => setEnding(session)}>
                  {t('session.end')}
                </Button>
              )
            }
          />
        )}
      />
      <ConfirmDialog
        open={ending !== null}
        title={t('session.endTitle')}
        action={t('session.end')}
        onConfirm={async () => props.onEnd?.(ending!)}
        onClose={() => setEnding(null)}
      >
        <Typography>{t('session.endText')}</Typography>
      </ConfirmDialog>
    </Section>
  );
}

/** `onRevoke` and `onApprove` where that may be done. */
export function DevicesSection(
  props: SignInSectionProps<{ readonly items: readonly Device[] }> & {
    readonly onRevoke?: (device: Device) => Promise<unknown>;
    readonly onApprove?: (device: Device) => void;
  },
) {
  const t = useMessages(uiMessages);
  const { onApprove } = props;
  const [revoking, setRevoking] = useState<Device | null>(null);
  return (
    <Section title={t('devices')} flush>
      <Rows
        label={t('devices')}
        query={props.query}
        itemsOf={({ items }) => items.filter(({ revokedAt }) => revokedAt === null)}
        none={props.none}
        find={{
          name: 'devices',
          textOf: ({ name, posture }) => [name, posture?.facts.os, posture?.facts.platform].join(' '),
          orders: [{ key: 'name', value: ({ name }) => name }],
        }}
        row={(device) => (
          <Row
            key={device.id}
            title={device.name}
            detail={
              <>
                {device.posture === null
                  ? null
                  : `${device.posture.facts.os || device.posture.facts.platform} ${device.posture.facts.osVersion} · `}
                {t('added')} <Time at={device.createdAt} />
              </>
            }
            state={
              device.approvedAt !== null ? undefined : onApprove === undefined ? (
                <StatusChip meaning="warn">{t('device.waits')}</StatusChip>
              ) : (
                <Button size="small" variant="contained" onClick={() => onApprove(device)}>
                  {t('device.approve')}
                </Button>
              )
            }
            action={
              props.onRevoke === undefined ? undefined : (
                <Button size="small" color="error" onClick={() => setRevoking(device)}>
                  {t('device.revoke')}
                </Button>
              )
            }
          />
        )}
      />
      <ConfirmDialog
        open={revoking !== null}
        title={t('device.revokeTitle', { name: revoking?.name ?? '' })}
        action={t('device.revoke')}
        onConfirm={async () => props.onRevoke?.(revoking!)}
        onClose={() => setRevoking(null)}
      >
        <Typography>{t('device.revokeText')}</Typography>
        {revoking === null ? null : <DeviceEffects id={revoking.id} />}
      </ConfirmDialog>
    </Section>
  );
}
