import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { InfoDialog } from '../../ui/info-dialog.tsx';
import { OtherMachines, originForOthers } from '../../ui/other-machines.tsx';
import { deviceMessages } from './messages.ts';

/** What to type on the machine. */
export function EnrolDeviceDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(deviceMessages);
  const policy = useQuery(routeQuery('devicePolicy.get', {}));
  return (
    <InfoDialog title={t('enrol')} onClose={onClose}>
      <Typography color="textSecondary">{t('enrol.text')}</Typography>
      <OtherMachines />
      <Typography variant="h3">{t('enrol.signIn')}</Typography>
      <CopyText text={`npx zeronaut login ${originForOthers()}`} label={t('enrol.signIn')} />
      <Typography variant="h3">{t('enrol.report')}</Typography>
      <CopyText text="npx zeronaut devices report" label={t('enrol.report')} />
      <Typography variant="h3">{t('enrol.agent')}</Typography>
      <CopyText text="npx zeronaut expose localhost:3000 http" label={t('enrol.agent')} />
      {policy.data === undefined ? null : (
        <Typography color="textSecondary">{t(`enrol.approval.${policy.data.approval}`)}</Typography>
      )}
    </InfoDialog>
  );
}
