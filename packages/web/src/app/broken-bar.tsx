import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { BrokenAssertions } from '@zeronaut/model';
import { tellBroken } from '../base/broken-assertions.ts';
import { useMessages } from '../base/messages.ts';
import { ButtonLink } from '../ui/button-link.tsx';
import { appMessages } from './messages.ts';

/** Says which assertions of policies a change broke. It stays until it was read: nothing was refused. */
export function BrokenBar({ broken }: { readonly broken: BrokenAssertions }) {
  const t = useMessages(appMessages);
  const { newly, before, items } = broken;
  const more = newly + before - items.length;
  return (
    <Alert
      severity="warning"
      variant="standard"
      onClose={() => tellBroken(null)}
      closeText={t('notice.close')}
      sx={{ pointerEvents: 'auto', width: '100%', maxWidth: 560, border: 1, borderColor: 'warning.main', mb: 1 }}
    >
      {newly > 0 ? <Typography sx={{ fontWeight: 600 }}>{t('broken.newly', { count: newly })}</Typography> : null}
      {before > 0 ? <Typography>{t('broken.before', { count: before })}</Typography> : null}
      <Box component="ul" sx={{ m: 0, my: 0.5, pl: 2.5, maxHeight: 200, overflowY: 'auto', overflowWrap: 'anywhere' }}>
        {items.map(({ name, message }) => (
          <li key={name}>
            {name}: {message}
          </li>
        ))}
        {more > 0 ? <li>{t('broken.more', { count: more })}</li> : null}
      </Box>
      <ButtonLink to="/policies/assertions" size="small" color="inherit" onClick={() => tellBroken(null)}>
        {t('broken.see')}
      </ButtonLink>
    </Alert>
  );
}
