import Typography from '@mui/material/Typography';
import type { RelyingParty } from '@zeronaut/model';
import { useMessages } from '../../base/messages.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { InfoDialog } from '../../ui/info-dialog.tsx';
import { relyingPartyMessages } from './messages.ts';

/** What a service is configured with; its secret was shown once. */
export function ConnectDialog({ party, onClose }: { readonly party: RelyingParty; readonly onClose: () => void }) {
  const t = useMessages(relyingPartyMessages);
  const rows = [
    ['made.issuer', party.issuer],
    ['made.id', party.id],
    ['made.discovery', `${party.issuer}/.well-known/openid-configuration`],
  ] as const;
  return (
    <InfoDialog title={t('connect.title', { name: party.name })} onClose={onClose}>
      {rows.map(([key, text]) => (
        <div key={key}>
          <Typography variant="body2" gutterBottom>
            {t(key)}
          </Typography>
          <CopyText text={text} label={t(key)} />
        </div>
      ))}
      <Typography variant="body2" color="textSecondary">
        {t(party.authentication === 'none' ? 'connect.public' : 'connect.secret')}
      </Typography>
    </InfoDialog>
  );
}
