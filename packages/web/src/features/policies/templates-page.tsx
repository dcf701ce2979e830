import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import type { PolicyTemplateView } from '@zeronaut/model';
import { useState } from 'react';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { useSettled } from '../../base/use-settled.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { Section } from '../../ui/section.tsx';
import { ShortList } from '../../ui/short-list.tsx';
import { ErrorState, PendingCard, RowsSkeleton } from '../../ui/states.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { handOver } from './draft.ts';
import { policyMessages } from './messages.ts';
import { OutcomeChip } from './policy-chips.tsx';
import { useTemplateText } from './template-texts.ts';

const route = getRouteApi('/policies/templates');

export function TemplatesPage() {
  const t = useMessages(policyMessages);
  const { template: chosen } = route.useSearch();
  const { data, error, refetch } = useQuery(routeQuery('templates.list', {}));
  const say = useTemplateText();
  const template = data?.items.find(({ name }) => name === chosen);
  return (
    <>
      <SubNavigation of="policies" />
      <PageHeader
        title={template?.name ?? t('templates.title')}
        subtitle={template === undefined ? t('templates.subtitle') : say(template.summary)}
        actions={template === undefined ? null : <TextLink to="/policies/templates">{t('templates.back')}</TextLink>}
      />
      {data === undefined ? (
        <PendingCard label={t('templates.title')} error={error} onRetry={() => void refetch()} />
      ) : template === undefined ? (
        <Gallery templates={data.items} />
      ) : (
        <Fill key={template.name} template={template} />
      )}
    </>
  );
}

function Gallery({ templates }: { readonly templates: readonly PolicyTemplateView[] }) {
  const t = useMessages(policyMessages);
  const say = useTemplateText();
  return (
    <ShortList
      label={t('templates.title')}
      rows={templates}
      padded
      find={{
        textOf: ({ name, summary, parameters, cases }) =>
          [
            name,
            say(summary),
            ...parameters.map((one) => say(one.summary)),
            ...cases.map(({ title }) => say(title)),
          ].join(' '),
        filters: [
          {
            key: 'asks',
            label: t('templates.asks'),
            options: (['nothing', 'values'] as const).map((value) => ({ value, label: t(`templates.asks.${value}`) })),
            matches: ({ parameters }, value) => (parameters.length === 0) === (value === 'nothing'),
          },
        ],
        orders: [{ key: 'name', value: ({ name }) => name }],
      }}
    >
      {(shown) => (
        <Box
          component="ul"
          aria-label={t('templates.title')}
          sx={{
            listStyle: 'none',
            m: 0,
            p: 0,
            display: 'grid',
            gap: 2,
            gridTemplateColumns: 'repeat(auto-fill, minmax(min(100%, 300px), 1fr))',
          }}
        >
          {shown.map(({ name, summary, cases }) => (
            <Card
              component="li"
              key={name}
              sx={{ p: 2.5, position: 'relative', '&:hover': { borderColor: 'primary.main' } }}
            >
              <TextLink
                to="/policies/templates"
                search={{ template: name }}
                sx={{
                  color: 'text.primary',
                  fontWeight: 650,
                  fontSize: 16,
                  textDecoration: 'none',
                  '&::after': { content: '""', position: 'absolute', inset: 0 },
                }}
              >
                {name}
              </TextLink>
              <Typography color="textSecondary" sx={{ mt: 0.5, mb: 1.5 }}>
                {say(summary)}
              </Typography>
              <Cases cases={cases.slice(0, 3).map(({ title, expect }) => ({ title, effect: expect }))} />
            </Card>
          ))}
        </Box>
      )}
    </ShortList>
  );
}

interface Case {
  readonly title: string;
  readonly effect: 'pass' | 'challenge' | 'deny';
}

function Cases({ cases }: { readonly cases: readonly Case[] }) {
  const say = useTemplateText();
  return (
    <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 0.5 }}>
      {cases.map(({ title, effect }) => (
        <Box component="li" key={title} sx={{ display: 'flex', justifyContent: 'space-between', gap: 2 }}>
          <Typography variant="body2">{say(title)}</Typography>
          <OutcomeChip outcome={effect} />
        </Box>
      ))}
    </Box>
  );
}

function Fill({ template }: { readonly template: PolicyTemplateView }) {
  const t = useMessages(policyMessages);
  const say = useTemplateText();
  const may = useMay();
  const navigate = useNavigate();
  const [values, setValues] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(template.parameters.map(({ name, default: usual, example }) => [name, usual ?? example ?? ''])),
  );
  const settled = useSettled(values);
  const filled = useQuery(routeQuery('templates.fill', { params: { name: template.name }, body: { values: settled } }));
  return (
    <Box
      sx={{
        display: 'grid',
        gap: 2,
        alignItems: 'start',
        gridTemplateColumns: { xs: 'minmax(0, 1fr)', lg: 'minmax(0, 2fr) minmax(0, 3fr)' },
      }}
    >
      <Section title={t('templates.parameters')}>
        <Box sx={{ display: 'grid', gap: 2.5, pt: 1 }}>
          {template.parameters.length === 0 ? (
            <Typography color="textSecondary">{t('templates.noParameters')}</Typography>
          ) : null}
          {template.parameters.map((parameter) => (
            <TextField
              key={parameter.name}
              label={parameter.name}
              required={parameter.required}
              value={values[parameter.name] ?? ''}
              onChange={(event) => setValues((before) => ({ ...before, [parameter.name]: event.target.value }))}
              helperText={describe(parameter, say)}
              slotProps={{ htmlInput: { maxLength: 4000 } }}
            />
          ))}
          {may('policies:write') ? (
            <Box>
              <Button
                variant="contained"
                disabled={filled.data === undefined || filled.error !== null || settled !== values}
                onClick={() => {
                  handOver({
                    ...{ name: template.name, description: say(template.summary) },
                    ...{ mode: 'report', text: filled.data!.text },
                  });
                  void navigate({ to: '/policies/new' });
                }}
              >
                {t('templates.create')}
              </Button>
            </Box>
          ) : null}
        </Box>
      </Section>
      <Box sx={{ display: 'grid', gap: 2, minWidth: 0 }}>
        {filled.error !== null ? (
          <Card>
            <ErrorState error={filled.error} onRetry={() => void filled.refetch()} />
          </Card>
        ) : null}
        <Section title={t('templates.preview')}>
          {filled.data === undefined ? (
            <RowsSkeleton rows={4} label={t('templates.preview')} />
          ) : (
            <CopyText text={filled.data.text} label={t('templates.preview')} />
          )}
        </Section>
        <Section title={t('templates.cases')}>
          <Cases cases={filled.data?.cases ?? template.cases.map(({ title, expect }) => ({ title, effect: expect }))} />
        </Section>
      </Box>
    </Box>
  );
}

/** What a parameter is about, and what it takes: the API joins both with a colon. */
function describe(
  { summary, schema }: PolicyTemplateView['parameters'][number],
  say: (said: string) => string,
): string {
  return `${say(summary)}: ${say(schema.description.slice(`${summary}: `.length))}`;
}
