import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import FormControlLabel from '@mui/material/FormControlLabel';
import Switch from '@mui/material/Switch';
import { useMessages } from '../base/messages.ts';
import { appMessages } from './messages.ts';
import { GO_TO, singleKeys } from './shortcuts.ts';

/** Every key that does something, and the way to turn single keys off. */
export function ShortcutsDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(appMessages);
  const keys = singleKeys.use();
  const rows: readonly (readonly [keys: string, text: string])[] = [
    ['Ctrl K', t('palette.open')],
    ['?', t('keys.help')],
    ['/', t('keys.search')],
    ['c', t('keys.create')],
    ['z', t('keys.undo')],
    ...Object.entries(GO_TO).map(([key, { label }]) => [`g ${key}`, t(label)] as const),
  ];
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="xs" aria-labelledby="keys-title">
      <DialogTitle id="keys-title" variant="h4">
        {t('keys.title')}
      </DialogTitle>
      <DialogContent>
        <Box
          component="dl"
          sx={{ display: 'grid', gridTemplateColumns: 'max-content 1fr', columnGap: 3, rowGap: 1, m: 0, mb: 2 }}
        >
          {rows.map(([combination, text]) => (
            <Box key={combination} sx={{ display: 'contents' }}>
              <Box component="dt">
                {combination.split(' ').map((key) => (
                  <Box
                    component="kbd"
                    key={key}
                    sx={{
                      font: 'inherit',
                      fontSize: 13,
                      border: 1,
                      borderColor: 'divider',
                      borderRadius: 1,
                      px: 0.75,
                      mr: 0.5,
                    }}
                  >
                    {key}
                  </Box>
                ))}
              </Box>
              <Box component="dd" sx={{ m: 0 }}>
                {text}
              </Box>
            </Box>
          ))}
        </Box>
        <FormControlLabel
          control={<Switch checked={keys === 'on'} onChange={(_, isOn) => singleKeys.set(isOn ? 'on' : 'off')} />}
          label={t('keys.single')}
        />
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2 }}>
        <Button variant="contained" onClick={onClose}>
          {t('keys.close')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
