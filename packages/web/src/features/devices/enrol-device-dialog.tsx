import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { deviceMessages } from './messages.ts';

/** What to type on the machine. */
export function EnrolDeviceDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(deviceMessages);
  const policy = useQuery(routeQuery('devicePolicy.get', {}));
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="sm" aria-labelledby="enrol-device-title">
      <DialogTitle id="enrol-device-title" variant="h4">
        {t('enrol')}
      </DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 1.5 }}>
        <Typography color="textSecondary">{t('enrol.text')}</Typography>
        <Typography variant="h3">{t('enrol.signIn')}</Typography>
        <CopyText text={`npx zeronaut login ${location.origin}`} label={t('enrol.signIn')} />
        <Typography variant="h3">{t('enrol.report')}</Typography>
        <CopyText text="npx zeronaut devices report" label={t('enrol.report')} />
        <Typography variant="h3">{t('enrol.agent')}</Typography>
        <CopyText text="npx zeronaut expose localhost:3000 http" label={t('enrol.agent')} />
        {policy.data === undefined ? null : (
          <Typography color="textSecondary">{t(`enrol.approval.${policy.data.approval}`)}</Typography>
        )}
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2 }}>
        <Button color="inherit" onClick={onClose}>
          {t('enrol.close')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
