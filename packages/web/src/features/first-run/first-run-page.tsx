import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import Link from '@mui/material/Link';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { shellWord } from '@zeronaut/model';
import { type ReactNode, useCallback } from 'react';
import { routeQuery } from '../../base/api.ts';
import { useLiveEvents } from '../../base/live.ts';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { useReasonText } from '../../base/reason-texts.ts';
import { addressesOf } from '../../base/resource-addresses.ts';
import { saveFile } from '../../base/save-file.ts';
import { useMay, useMe } from '../../base/session.ts';
import { ButtonLink } from '../../ui/button-link.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { CheckIcon } from '../../ui/icons.tsx';
import { OtherMachines, originForOthers } from '../../ui/other-machines.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { ErrorState, PendingCard } from '../../ui/states.tsx';
import { firstRunMessages } from './messages.ts';

/** Accesses that are looked through, and resources. */
const LOOKED_AT = 50;
const SHOWN = 3;

/** The guided path after the first owner was made. What is done is read from the API, so it is right on any machine and day. */
export function FirstRunPage() {
  const t = useMessages(firstRunMessages);
  const me = useMe();
  const may = useMay();
  const language = useLanguage();
  const reasonText = useReasonText();
  const gateways = useQuery(routeQuery('gateways.list', { query: { limit: 500 } }));
  // What agents publish and what was declared, the newest first.
  const resources = useQuery(
    routeQuery('resources.list', { query: { enabled: 'true', sort: '-created', limit: LOOKED_AT } }),
  );
  const published = resources.data?.items ?? [];
  const watches = published.length > 0 && may('events:read');
  const passed = useQuery({
    ...routeQuery('accessEvents.list', { query: { effect: 'pass', limit: LOOKED_AT } }),
    enabled: watches,
  });
  const refused = useQuery({
    ...routeQuery('accessEvents.list', { query: { effect: 'deny', limit: LOOKED_AT } }),
    enabled: watches,
  });
  const { refetch: lookForPassed } = passed;
  const { refetch: lookForRefused } = refused;
  const look = useCallback(() => {
    void lookForPassed();
    void lookForRefused();
  }, [lookForPassed, lookForRefused]);
  useLiveEvents(watches ? {} : null, look);
  const error = gateways.error ?? resources.error;
  if (gateways.data === undefined || resources.data === undefined) {
    return (
      <>
        <PageHeader title={t('title')} subtitle={t('subtitle')} />
        <PendingCard
          label={t('title')}
          error={error}
          onRetry={() => {
            void gateways.refetch();
            void resources.refetch();
          }}
        />
      </>
    );
  }
  const gateway = gateways.data.items.find(({ connected }) => connected);
  // What is about no resource is the portal, or a name that nobody has.
  const visited = passed.data?.items.some(
    ({ resourceId, reason }) => resourceId !== null && reason !== 'access.portal',
  );
  const denied = refused.data?.items.find(({ resourceId }) => resourceId !== null);
  const shown = published.slice(0, SHOWN);
  const urls = shown.flatMap((one) => addressesOf(one, gateways.data.items).slice(0, 1));
  const isDone = [true, gateway !== undefined, published.length > 0, visited === true];
  const now = isDone.indexOf(false);
  const stateOf = (index: number) => (isDone[index] ? 'done' : index === now ? 'next' : 'later');

  return (
    <>
      <PageHeader title={t('title')} subtitle={t('subtitle')} />
      <Card component="ol" sx={{ listStyle: 'none', m: 0, p: 0, maxWidth: 860 }}>
        <Step state={stateOf(0)} number={1} title={t('owner.title')}>
          {t('owner.text', { name: me.user?.name ?? me.role })}
        </Step>
        <Step state={stateOf(1)} number={2} title={t('gateway.title')}>
          {gateway === undefined ? (
            <>
              <span>{t('gateway.text')}</span>
              <Box>
                <ButtonLink to="/gateways" search={{ enrol: '1' }} variant="contained">
                  {t('gateway.enrol')}
                </ButtonLink>
              </Box>
            </>
          ) : (
            t('gateway.done', { name: gateway.name, domain: gateway.baseDomain })
          )}
        </Step>
        <Step state={stateOf(2)} number={3} title={t('service.title')}>
          {published.length === 0 ? (
            <>
              <ExposeHere />
              <span>{t('service.other')}</span>
              <OtherMachines />
              <CopyText text={`npx zeronaut login ${originForOthers()}`} label={t('service.login')} />
            </>
          ) : (
            t('service.done', {
              count: shown.length,
              names: new Intl.ListFormat(language).format(shown.map(({ name }) => name)),
            })
          )}
        </Step>
        <Step state={stateOf(3)} number={4} title={t('visit.title')}>
          {visited ? (
            t('visit.done')
          ) : (
            <>
              <span>{t('visit.text')}</span>
              {urls.map((url) =>
                url.startsWith('https://') ? (
                  <Link key={url} href={url} target="_blank" rel="noreferrer" sx={{ overflowWrap: 'anywhere' }}>
                    {url}
                  </Link>
                ) : (
                  <code key={url}>{url}</code>
                ),
              )}
              {denied === undefined ? null : (
                <Typography color="warning">
                  {t('visit.denied', { reason: reasonText(denied.reason).title })}
                </Typography>
              )}
              <span>{t('visit.trust')}</span>
              <SaveCertificate />
            </>
          )}
        </Step>
      </Card>
      {now === -1 ? (
        <Box role="status" sx={{ mt: 3, display: 'grid', gap: 1, justifyItems: 'start' }}>
          <Typography variant="h2">{t('all.title')}</Typography>
          <Typography color="textSecondary">{t('all.text')}</Typography>
          <ButtonLink to="/" variant="contained" sx={{ mt: 1 }}>
            {t('all.overview')}
          </ButtonLink>
        </Box>
      ) : null}
    </>
  );
}

/** The command for this very machine, where the console says how it is started there. */
function ExposeHere() {
  const t = useMessages(firstRunMessages);
  const may = useMay();
  const { data } = useQuery({ ...routeQuery('endpoints.thisMachine', {}), enabled: may('gateways:write') });
  const { directory = null, home = null } = data?.commandLine ?? {};
  const expose = 'npx zeronaut expose localhost:3000 http';
  return (
    <>
      <span>{t(directory === null ? 'service.text' : 'service.here')}</span>
      <CopyText
        text={[
          directory === null ? '' : `cd ${shellWord(directory)} && `,
          home === null ? '' : `ZERONAUT_HOME=${shellWord(home)} `,
          expose,
        ].join('')}
        label={t('service.expose')}
      />
    </>
  );
}

/** For a browser on whatever machine: the file beside the console is on one alone. */
function SaveCertificate() {
  const t = useMessages(firstRunMessages);
  const endpoints = useQuery(routeQuery('endpoints.list', {}));
  if (endpoints.data === undefined) {
    return endpoints.error === null ? null : (
      <ErrorState error={endpoints.error} onRetry={() => void endpoints.refetch()} />
    );
  }
  const { certificateAuthority } = endpoints.data;
  return (
    <Box>
      <Button
        variant="outlined"
        onClick={() =>
          saveFile(new Blob([certificateAuthority], { type: 'application/x-pem-file' }), 'zeronaut-ca.pem')
        }
      >
        {t('visit.save')}
      </Button>
    </Box>
  );
}

interface StepProps {
  readonly state: 'done' | 'next' | 'later';
  readonly number: number;
  readonly title: string;
  readonly children: ReactNode;
}

/** One step: what is done stays short, what is next says how, what is later only its name. */
function Step({ state, number, title, children }: StepProps) {
  const t = useMessages(firstRunMessages);
  return (
    <Box
      component="li"
      aria-current={state === 'next' ? 'step' : undefined}
      sx={{ display: 'flex', gap: 2, p: { xs: 2, sm: 3 }, '& + &': { borderTop: 1, borderColor: 'divider' } }}
    >
      <Box
        aria-hidden
        sx={{
          display: 'grid',
          placeItems: 'center',
          width: 32,
          height: 32,
          flexShrink: 0,
          borderRadius: '50%',
          fontWeight: 600,
          fontSize: 14,
          border: 2,
          borderColor: state === 'done' ? 'success.main' : state === 'next' ? 'primary.main' : 'divider',
          color: state === 'done' ? 'success.main' : state === 'next' ? 'primary.main' : 'text.secondary',
        }}
      >
        {state === 'done' ? <CheckIcon fontSize="small" /> : number}
      </Box>
      <Box sx={{ flex: 1, minWidth: 0, pt: 0.5 }}>
        <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1.5, alignItems: 'baseline' }}>
          <Typography variant="h2" color={state === 'later' ? 'textSecondary' : 'textPrimary'}>
            {title}
          </Typography>
          <Typography
            variant="caption"
            color={state === 'done' ? 'success' : state === 'next' ? 'primary' : 'textSecondary'}
          >
            {t(state)}
          </Typography>
        </Box>
        {state === 'later' ? null : (
          <Box sx={{ display: 'grid', gap: 1.5, mt: 0.5, color: 'text.secondary' }}>{children}</Box>
        )}
      </Box>
    </Box>
  );
}
