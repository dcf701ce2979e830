import Typography from '@mui/material/Typography';
import type { WorkloadTrust } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { InfoDialog } from '../../ui/info-dialog.tsx';
import { workloadTrustMessages } from './messages.ts';

/** What a job needs to know. Nothing of it is secret. */
export function UseTrustDialog({ trust, onClose }: { readonly trust: WorkloadTrust; readonly onClose: () => void }) {
  const t = useMessages(workloadTrustMessages);
  return (
    <InfoDialog title={t('use.title', { name: trust.name })} onClose={onClose}>
      <Typography variant="body2">{t('use.audience')}</Typography>
      <CopyText text={trust.audience} label={t('field.audience')} />
      <Typography variant="body2">{t('use.exchange')}</Typography>
      <CopyText
        text={`ZERONAUT_WORKLOAD_TOKEN=$JWT zeronaut workloads token ${trust.id} --console ${location.origin}`}
        label={t('use.command')}
      />
      <Typography variant="body2" color="textSecondary">
        {t('use.life', { minutes: Math.round(trust.tokenSeconds / 60) })}
      </Typography>
    </InfoDialog>
  );
}
