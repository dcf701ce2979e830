import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { type BrandingView, DEFAULT_BRANDING, routes, textOn } from '@zeronaut/model';
import { useController, useWatch } from 'react-hook-form';
import { call, routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { Form } from '../../ui/form.tsx';
import { TextInput } from '../../ui/form-fields.tsx';
import { Section } from '../../ui/section.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { settingsMessages } from './messages.ts';
import { SaveActions } from './save-actions.tsx';
import { SettingPage } from './setting-page.tsx';

const OWN_COLOUR = '#2451d6';

export function BrandingPage() {
  const t = useMessages(settingsMessages);
  const query = useQuery(routeQuery('branding.get', {}));
  return (
    <SettingPage title={t('branding.title')} subtitle={t('branding.subtitle')} query={query}>
      {(branding) => <BrandingForm branding={branding} />}
    </SettingPage>
  );
}

function baseOf({ version, ...values }: BrandingView) {
  return { values, version };
}

function BrandingForm({ branding }: { readonly branding: BrandingView }) {
  const t = useMessages(settingsMessages);
  const mayChange = useMay()('organization:write');
  const set = useRouteMutation('branding.set', ['branding.get']);
  return (
    <Form
      schema={routes['branding.set'].body}
      base={baseOf(branding)}
      reload={async () => baseOf(await call('branding.get', {}))}
      done={t('saved')}
      onSubmit={(body, { version }) => set.mutateAsync({ body, version: version ?? branding.version })}
      stays
      actions={(state) => <SaveActions {...state} mayChange={mayChange} />}
    >
      <TwoColumns>
        <Section>
          <Box sx={{ display: 'grid', gap: 2, pt: 1 }}>
            <TextInput
              name="name"
              label={t('branding.name')}
              hint={t('branding.nameHint')}
              maxLength={120}
              disabled={!mayChange}
            />
            <Box sx={{ display: 'flex', gap: 1, alignItems: 'flex-start' }}>
              <Box sx={{ flex: 1 }}>
                <TextInput
                  name="colour"
                  label={t('branding.colour')}
                  hint={t('branding.colourHint')}
                  nullable
                  disabled={!mayChange}
                />
              </Box>
              <ColourWell disabled={!mayChange} />
            </Box>
            <TextInput
              name="text"
              label={t('branding.text')}
              hint={t('branding.textHint')}
              rows={4}
              maxLength={500}
              disabled={!mayChange}
            />
          </Box>
        </Section>
        <Section title={t('branding.preview')}>
          <Preview />
        </Section>
      </TwoColumns>
    </Form>
  );
}

/** The browser's own way to choose a colour, beside the field that says it in digits. */
function ColourWell({ disabled }: { readonly disabled: boolean }) {
  const t = useMessages(settingsMessages);
  const { field } = useController({ name: 'colour' });
  const colour = typeof field.value === 'string' && textOn(field.value) !== null ? field.value : OWN_COLOUR;
  return (
    <Box
      component="input"
      type="color"
      aria-label={t('branding.choose')}
      value={colour}
      disabled={disabled}
      onChange={({ target }) => field.onChange(target.value)}
      sx={{ width: 44, height: 40, p: 0.5, border: 1, borderColor: 'divider', borderRadius: 2, bgcolor: 'transparent' }}
    />
  );
}

/** The sign-in page of a gateway in small, with what was typed; drawn as it is there, in light colours. */
function Preview() {
  const t = useMessages(settingsMessages);
  const [name, typed, text] = useWatch({ name: ['name', 'colour', 'text'] }) as (string | null)[];
  const colour = typed !== null && textOn(typed ?? '') !== null ? (typed as string) : OWN_COLOUR;
  return (
    <Box
      sx={{
        bgcolor: '#f5f6f9',
        color: '#1a2233',
        borderRadius: 2,
        p: 3,
        display: 'grid',
        justifyItems: 'center',
        gap: 2,
      }}
    >
      <Box sx={{ display: 'flex', gap: 1, alignItems: 'center', fontWeight: 650, overflowWrap: 'anywhere' }}>
        <Box
          component="svg"
          viewBox="0 0 24 24"
          aria-hidden
          sx={{ width: 22, height: 22, flexShrink: 0, fill: 'none', stroke: colour, strokeWidth: 2 }}
        >
          <circle cx="12" cy="12" r="9" />
          <path d="M8.5 8.5h7l-7 7h7" strokeLinecap="round" strokeLinejoin="round" />
        </Box>
        {name || DEFAULT_BRANDING.name}
      </Box>
      <Box
        sx={{ bgcolor: '#fff', border: '1px solid #dfe3ec', borderRadius: 3, p: 2.5, width: 1, maxWidth: 300 }}
        aria-hidden
      >
        <Box sx={{ fontWeight: 650, mb: 1.5 }}>{t('branding.signIn')}</Box>
        {[0, 1].map((line) => (
          <Box key={line} sx={{ height: 34, border: '1px solid #c9cfdc', borderRadius: 2, mb: 1 }} />
        ))}
        <Box
          sx={{
            bgcolor: colour,
            color: textOn(colour),
            borderRadius: 2,
            textAlign: 'center',
            fontWeight: 600,
            py: 0.75,
            mt: 1.5,
          }}
        >
          {t('branding.signIn')}
        </Box>
      </Box>
      {text ? (
        <Typography
          variant="body2"
          sx={{ color: '#505a70', whiteSpace: 'pre-line', textAlign: 'center', overflowWrap: 'anywhere' }}
        >
          {text}
        </Typography>
      ) : null}
    </Box>
  );
}
