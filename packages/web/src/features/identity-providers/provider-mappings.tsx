import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import type { IdentityProvider } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { useMessages } from '../../base/messages.ts';
import { Row } from '../../ui/rows.tsx';
import { Section } from '../../ui/section.tsx';
import { ShortList } from '../../ui/short-list.tsx';
import { Tags } from '../../ui/tag.tsx';
import { identityProviderMessages } from './messages.ts';

const MappingsDialog = lazy(async () => ({ default: (await import('./mappings-dialog.tsx')).MappingsDialog }));

/** What groups of the provider give here. */
export function ProviderMappings(props: { readonly provider: IdentityProvider; readonly mayChange: boolean }) {
  const { provider, mayChange } = props;
  const t = useMessages(identityProviderMessages);
  const [editing, setEditing] = useState(false);
  return (
    <Section
      title={t('section.mappings')}
      flush
      actions={
        mayChange ? (
          <Button size="small" variant="outlined" onClick={() => setEditing(true)}>
            {t('mappings.edit')}
          </Button>
        ) : undefined
      }
    >
      {provider.groupMappings.length === 0 ? (
        <Typography color="textSecondary" sx={{ px: { xs: 2, sm: 2.5 }, pt: 1, pb: 2.5 }}>
          {t('mappings.none')}
        </Typography>
      ) : (
        <ShortList
          label={t('section.mappings')}
          rows={provider.groupMappings}
          find={{
            name: 'mappings',
            textOf: ({ from, group, role }) => [from, group, role].join(' '),
            orders: [{ key: 'name', value: ({ from }) => from }],
          }}
        >
          {(shown) => (
            <ul style={{ listStyle: 'none', margin: 0, padding: 0 }}>
              {shown.map(({ from, group, role }) => (
                <Row
                  key={`${from} ${group} ${role}`}
                  title={from}
                  state={
                    <Tags
                      of={[group, role === null ? null : t('mapping.role', { role })].filter((text) => text !== null)}
                    />
                  }
                />
              ))}
            </ul>
          )}
        </ShortList>
      )}
      {editing ? (
        <Suspense>
          <MappingsDialog provider={provider} onClose={() => setEditing(false)} />
        </Suspense>
      ) : null}
    </Section>
  );
}
