import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import CircularProgress from '@mui/material/CircularProgress';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { InfoDialog } from '../../ui/info-dialog.tsx';
import { OtherMachines } from '../../ui/other-machines.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { enrolCommand } from './enrol-command.ts';
import { gatewayMessages } from './messages.ts';

/** Makes a token when asked to, shows the command, and says when the gateway is there. */
export function EnrolDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(gatewayMessages);
  const enrolment = useRouteMutation('gateways.createEnrolment', []);
  const [startedAtMs, setStartedAtMs] = useState(0);
  const token = enrolment.data?.token;
  const gateways = useQuery({
    ...routeQuery('gateways.list', { query: { limit: 500 } }),
    enabled: token !== undefined,
  });
  const arrived = gateways.data?.items.find((one) => one.connected && Date.parse(one.createdAt) >= startedAtMs);
  return (
    <InfoDialog
      title={t('enrol')}
      onClose={onClose}
      action={
        token === undefined ? (
          <Button
            variant="contained"
            loading={enrolment.isPending}
            onClick={() => {
              setStartedAtMs(Date.now());
              enrolment.mutate({ body: {} });
            }}
          >
            {t('enrol.make')}
          </Button>
        ) : null
      }
    >
      <Typography color="textSecondary">{t('enrol.text')}</Typography>
      {token === undefined ? null : (
        <>
          <OtherMachines />
          <CopyText text={enrolCommand(location.origin, token)} label={t('enrol.command')} />
          <Box role="status" sx={{ display: 'flex', alignItems: 'center', gap: 1 }}>
            {arrived === undefined ? (
              <>
                <CircularProgress size={16} aria-hidden />
                <Typography color="textSecondary">{t('enrol.waiting')}</Typography>
              </>
            ) : (
              <StatusChip meaning="ok">{t('enrol.done', { name: arrived.name })}</StatusChip>
            )}
          </Box>
        </>
      )}
      {enrolment.error === null ? null : <ErrorState error={enrolment.error} />}
    </InfoDialog>
  );
}
