import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import FormHelperText from '@mui/material/FormHelperText';
import IconButton from '@mui/material/IconButton';
import Typography from '@mui/material/Typography';
import { type IdentityProvider, routes } from '@zeronaut/model';
import { get, useFieldArray, useFormContext } from 'react-hook-form';
import { call, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useRoles } from '../../base/people.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { SelectInput, TextInput } from '../../ui/form-fields.tsx';
import { DeleteIcon, PlusIcon } from '../../ui/icons.tsx';
import { identityProviderMessages } from './messages.ts';
import { baseOf } from './provider-base.ts';

export function MappingsDialog(props: { readonly provider: IdentityProvider; readonly onClose: () => void }) {
  const { provider, onClose } = props;
  const t = useMessages(identityProviderMessages);
  const params = { id: provider.id };
  const update = useRouteMutation('identityProviders.update', [
    'identityProviders.list',
    'identityProviders.get',
    'identityProviders.directory',
  ]);
  return (
    <FormDialog
      title={t('section.mappings')}
      action={t('save')}
      schema={routes['identityProviders.update'].body}
      base={baseOf(provider)}
      reload={async () => baseOf(await call('identityProviders.get', { params }))}
      onSubmit={(body, { version }) => update.mutateAsync({ params, body, version: version ?? provider.version })}
      onClose={onClose}
      wide
    >
      <Typography variant="body2" color="textSecondary">
        {t('mappings.text')}
      </Typography>
      <Mappings />
    </FormDialog>
  );
}

function Mappings() {
  const t = useMessages(identityProviderMessages);
  const roles = useRoles();
  const { fields, append, remove } = useFieldArray({ name: 'groupMappings' });
  const { errors } = useFormContext().formState;
  return (
    <>
      {fields.map((field, index) => (
        <Box
          key={field.id}
          role="group"
          aria-label={t('mapping.number', { number: index + 1 })}
          sx={{
            display: 'grid',
            gap: 1.5,
            alignItems: 'start',
            gridTemplateColumns: { xs: 'minmax(0, 1fr) auto', sm: '2fr 1.4fr 1.2fr auto' },
          }}
        >
          <Box sx={{ gridColumn: { xs: '1', sm: 'auto' } }}>
            <TextInput name={`groupMappings.${index}.from`} label={t('mapping.from')} />
          </Box>
          <Box sx={{ gridRow: { xs: 2, sm: 'auto' } }}>
            <TextInput name={`groupMappings.${index}.group`} label={t('mapping.group')} nullable />
          </Box>
          <Box sx={{ gridRow: { xs: 3, sm: 'auto' } }}>
            <SelectInput
              name={`groupMappings.${index}.role`}
              label={t('mapping.asRole')}
              options={[
                { value: null, label: t('mapping.noRole') },
                ...roles.map((value) => ({ value, label: value })),
              ]}
            />
          </Box>
          {get(errors, `groupMappings.${index}.message`) === undefined ? null : (
            <FormHelperText error sx={{ gridColumn: '1 / -1', order: 1, mt: -1 }}>
              {t('mapping.nothing')}
            </FormHelperText>
          )}
          <IconButton aria-label={t('mapping.remove', { number: index + 1 })} onClick={() => remove(index)}>
            <DeleteIcon fontSize="small" />
          </IconButton>
        </Box>
      ))}
      <Box>
        <Button startIcon={<PlusIcon />} onClick={() => append({ from: '', group: null, role: null })}>
          {t('mapping.add')}
        </Button>
      </Box>
    </>
  );
}
