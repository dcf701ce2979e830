import Box from '@mui/material/Box';
import { isNotFound } from '../base/api-client.ts';
import { useMessages } from '../base/messages.ts';
import { ButtonLink } from './button-link.tsx';
import { uiMessages } from './messages.ts';
import { PageHeader } from './page-header.tsx';
import { PendingCard } from './states.tsx';

/** Where all of a kind are. */
const LISTS = {
  device: '/devices',
  gateway: '/gateways',
  identityProvider: '/settings/identity-providers',
  incident: '/security/incidents',
  policy: '/policies',
  resource: '/resources',
  site: '/sites',
  user: '/users',
} as const;

/** In the place of the page of one thing, before it was read, or as there is none: an old link leads here. */
export function PendingThing(props: {
  readonly kind: keyof typeof LISTS;
  readonly label: string;
  readonly error: unknown;
  readonly onRetry: () => void;
}) {
  const t = useMessages(uiMessages);
  if (!isNotFound(props.error)) {
    return (
      <>
        {props.error === null ? null : <PageHeader title={props.label} />}
        <PendingCard label={props.label} error={props.error} onRetry={props.onRetry} />
      </>
    );
  }
  return (
    <>
      <PageHeader title={t(`missing.${props.kind}`)} subtitle={t('missing.text')} />
      <Box>
        <ButtonLink to={LISTS[props.kind]} variant="contained">
          {t('missing.back')}
        </ButtonLink>
      </Box>
    </>
  );
}
