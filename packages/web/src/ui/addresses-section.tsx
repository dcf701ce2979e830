import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import type { UseQueryResult } from '@tanstack/react-query';
import type { AddressGrantView } from '@zeronaut/model';
import { type ReactNode, useState } from 'react';
import { useMessages } from '../base/messages.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { uiMessages } from './messages.ts';
import { Row, Rows } from './rows.tsx';
import { Section } from './section.tsx';
import { Time } from './time.tsx';

/** Addresses that somebody authorised for raw ports: of whoever looks, or of another user. `onEnd` where they may be ended. */
export function AddressesSection(props: {
  readonly query: UseQueryResult<{ readonly items: readonly AddressGrantView[] }>;
  /** One sentence for when there is none. */
  readonly none: string;
  readonly onEnd?: (grant: AddressGrantView) => Promise<unknown>;
  readonly onEndAll?: () => Promise<unknown>;
  /** What stands before and after the list. */
  readonly before?: ReactNode;
  readonly children?: ReactNode;
}) {
  const t = useMessages(uiMessages);
  const { query, onEnd, onEndAll } = props;
  const [ending, setEnding] = useState<AddressGrantView | 'all' | null>(null);
  const count = query.data?.items.length ?? 0;
  const one = ending === null || ending === 'all' ? null : ending;
  return (
    <Section
      title={t('addresses')}
      flush
      actions={
        onEndAll === undefined || count < 2 ? undefined : (
          <Button size="small" color="error" onClick={() => setEnding('all')}>
            {t('address.endAll')}
          </Button>
        )
      }
    >
      {props.before}
      <Rows
        label={t('addresses')}
        query={query}
        itemsOf={({ items }) => items}
        none={props.none}
        find={{
          name: 'addresses',
          textOf: ({ address, resource, gateway }) => [address, resource, gateway].join(' '),
          orders: [{ key: 'ends', value: ({ expiresAt }) => Date.parse(expiresAt) }],
        }}
        row={(grant) => (
          <Row
            key={grant.id}
            title={t('address.of', { address: grant.address, service: grant.resource ?? t('address.removed') })}
            detail={
              <>
                {grant.gateway} · {t('began')} <Time at={grant.createdAt} /> · {t('until')}{' '}
                <Time at={grant.expiresAt} />
              </>
            }
            action={
              onEnd === undefined ? undefined : (
                <Button
                  size="small"
                  color="error"
                  aria-label={t('address.endOf', { address: grant.address, service: grant.resource ?? '' })}
                  onClick={() => setEnding(grant)}
                >
                  {t('session.end')}
                </Button>
              )
            }
          />
        )}
      />
      {props.children}
      <ConfirmDialog
        open={ending !== null}
        title={
          one === null
            ? t('address.endAllTitle')
            : t('address.endTitle', { address: one.address, service: one.resource ?? t('address.removed') })
        }
        action={one === null ? t('address.endAll') : t('session.end')}
        onConfirm={async () => (one === null ? onEndAll?.() : onEnd?.(one))}
        onClose={() => setEnding(null)}
      >
        <Typography>{t('address.endText')}</Typography>
      </ConfirmDialog>
    </Section>
  );
}
