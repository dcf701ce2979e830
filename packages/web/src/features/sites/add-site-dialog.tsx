import Autocomplete from '@mui/material/Autocomplete';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { type FormEvent, useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useGroups } from '../../base/people.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { siteMessages } from './messages.ts';

const AGENT_FILE = `version: 1
sites:
  - name: office
    destinations: ["db.corp:5432", "10.1.0.0/16:*"]
    allow: [group:dev]
`;

/** Two ways: an agent that makes the site, or one that the gateways reach. */
export function AddSiteDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useMessages(siteMessages);
  const groups = useGroups();
  const [name, setName] = useState('');
  const [destinations, setDestinations] = useState('');
  const [allow, setAllow] = useState<string[]>(['role:owner', 'role:admin']);
  const publish = useRouteMutation('sites.publish', ['sites.list']);
  const lines = destinations
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter(Boolean);
  async function save(event: FormEvent): Promise<void> {
    event.preventDefault();
    const body = { name, connection: 'local', destinations: lines, access: { mode: 'login', allow } } as const;
    const made = await publish.mutateAsync({ body: { ...body, destinations: lines } }).catch(() => null);
    if (made !== null) onClose();
  }
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="sm" aria-labelledby="add-site-title">
      <DialogTitle id="add-site-title" variant="h4">
        {t('add')}
      </DialogTitle>
      <Box component="form" onSubmit={(event) => void save(event)} sx={{ display: 'contents' }}>
        <DialogContent sx={{ display: 'grid', gap: 2 }}>
          <Typography color="textSecondary">{t('add.text')}</Typography>
          <CopyText text={AGENT_FILE} label={t('add.file')} />
          <CopyText text="npx zeronaut agent run --config agent.yaml" label={t('add.command')} />
          <Typography variant="h3" component="h2" sx={{ mt: 1 }}>
            {t('add.local')}
          </Typography>
          <TextField
            label={t('add.name')}
            value={name}
            onChange={(event) => setName(event.target.value)}
            required
            autoComplete="off"
            slotProps={{ htmlInput: { maxLength: 63 } }}
          />
          <TextField
            label={t('add.destinations')}
            helperText={t('add.destinationsHelp')}
            value={destinations}
            onChange={(event) => setDestinations(event.target.value)}
            required
            multiline
            minRows={2}
          />
          <Autocomplete
            multiple
            freeSolo
            options={[
              'role:owner',
              'role:admin',
              'role:operator',
              'role:member',
              ...groups.map((group) => `group:${group}`),
            ]}
            value={allow}
            onChange={(_, next) => setAllow(next)}
            renderInput={(params) => <TextField {...params} label={t('add.allow')} helperText={t('add.allowHelp')} />}
          />
          {publish.error === null ? null : <ErrorState error={publish.error} />}
        </DialogContent>
        <DialogActions sx={{ px: 3, pb: 2 }}>
          <Button color="inherit" onClick={onClose}>
            {t('add.close')}
          </Button>
          <Button
            type="submit"
            variant="contained"
            loading={publish.isPending}
            disabled={name === '' || lines.length === 0 || allow.length === 0}
          >
            {t('add.save')}
          </Button>
        </DialogActions>
      </Box>
    </Dialog>
  );
}
