import Autocomplete from '@mui/material/Autocomplete';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { hasLimits, type RouteResponse, type Routes } from '@zeronaut/model';
import { type FormEvent, type ReactNode, useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useProblemText } from '../../base/problem-texts.ts';
import { useMay } from '../../base/session.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { Section } from '../../ui/section.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { Tags } from '../../ui/tag.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { HeaderFacts } from './header-fields.tsx';
import { hasHeaderRules } from './header-rules.ts';
import { limitTexts } from './limit-texts.ts';
import { resourceMessages } from './messages.ts';

type Answer = RouteResponse<Routes['resources.test']>;

const route = getRouteApi('/resources/test');
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const OUTCOMES = { pass: 'ok', challenge: 'warn', deny: 'bad' } as const satisfies Record<string, Meaning>;

/** What would happen to a request: nothing is sent anywhere. */
export function TestRoutePage() {
  const t = useMessages(resourceMessages);
  const may = useMay();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [url, setUrl] = useState(search.url ?? '');
  const [method, setMethod] = useState('GET');
  const [user, setUser] = useState('');
  const users = useQuery({ ...routeQuery('users.list', { query: { limit: 500 } }), enabled: may('users:read') });
  const test = useRouteMutation('resources.test', []);
  const isPort = /^(?:tcp|udp):/i.test(url.trim());
  function ask(event: FormEvent): void {
    event.preventDefault();
    // The question is in the address, so that it can be shown to somebody.
    void navigate({ search: { url: url.trim() }, replace: true });
    const who = user.trim();
    test.mutate({ body: { url: url.trim(), method: isPort ? 'GET' : method, user: who === '' ? null : who } });
  }
  return (
    <>
      <PageHeader title={t('test.title')} subtitle={t('test.subtitle')} />
      <TwoColumns>
        <Section title={t('test.question')}>
          <Box component="form" onSubmit={ask} sx={{ display: 'grid', gap: 2, pt: 1 }}>
            <TextField
              label={t('test.url')}
              helperText={t('test.urlHint')}
              value={url}
              required
              onChange={({ target }) => setUrl(target.value)}
              slotProps={{ htmlInput: { maxLength: 2_000, spellCheck: false } }}
            />
            {isPort ? null : (
              <TextField
                select
                label={t('test.method')}
                value={method}
                onChange={({ target }) => setMethod(target.value)}
              >
                {METHODS.map((one) => (
                  <MenuItem key={one} value={one}>
                    {one}
                  </MenuItem>
                ))}
              </TextField>
            )}
            <Autocomplete
              freeSolo
              options={users.data?.items.map(({ email }) => email) ?? []}
              inputValue={user}
              onInputChange={(_, text) => setUser(text)}
              renderInput={(input) => <TextField {...input} label={t('test.user')} helperText={t('test.userHint')} />}
            />
            <Box>
              <Button type="submit" variant="contained" loading={test.isPending} disabled={url.trim() === ''}>
                {t('test.run')}
              </Button>
            </Box>
          </Box>
        </Section>
        <Box role="status" sx={{ minWidth: 0 }}>
          {test.error === null ? null : <ErrorState error={test.error} />}
          {test.data === undefined ? null : <AnswerCard answer={test.data} />}
        </Box>
      </TwoColumns>
    </>
  );
}

/** In the order in which a gateway goes: the host, who may, where to. */
function AnswerCard({ answer }: { readonly answer: Answer }) {
  const t = useMessages(resourceMessages);
  const { title, next } = useProblemText()(answer.reason, answer);
  const { resource } = answer;
  const effect = answer.answer?.effect ?? (answer.match === 'portal' ? 'pass' : 'deny');
  const deciding = answer.answer?.policies.filter(({ decides }) => decides) ?? [];
  return (
    <Section title={t('test.answer')}>
      <Box sx={{ display: 'grid', gap: 2.5, overflowWrap: 'anywhere' }}>
        <div>
          <StatusChip meaning={answer.reason === 'balancer.no_target' ? 'bad' : OUTCOMES[effect]}>
            {t(`test.${effect}`)}
          </StatusChip>
          <Typography variant="h3" component="p" sx={{ mt: 0.5 }}>
            {title}
          </Typography>
          {next === '' ? null : <Typography color="textSecondary">{next}</Typography>}
          <code>{answer.reason}</code>
        </div>
        <Step title={t('test.where')}>
          {t(`match.${answer.match}`, { host: answer.port === null ? answer.host : `${answer.host}:${answer.port}` })}{' '}
          {resource === null ? null : (
            <TextLink to="/resources/$id" params={{ id: resource.id }}>
              {resource.name}
            </TextLink>
          )}
        </Step>
        {answer.gateways.length === 0 ? null : (
          <Step title={t('test.gateways')}>
            {answer.gateways.map(({ id, name, connected }) => (
              <Box key={id} sx={{ display: 'flex', gap: 1.5, alignItems: 'center' }}>
                <TextLink to="/gateways/$id" params={{ id }}>
                  {name}
                </TextLink>
                <StatusChip meaning={connected ? 'ok' : 'bad'}>
                  {t(connected ? 'test.connected' : 'test.away')}
                </StatusChip>
              </Box>
            ))}
          </Step>
        )}
        {answer.answer === null ? null : (
          <Step title={t('test.access')}>
            {t('test.rule')}{' '}
            <StatusChip meaning={OUTCOMES[answer.answer.rule.effect]}>
              {t(`test.${answer.answer.rule.effect}`)}
            </StatusChip>{' '}
            <code>{answer.answer.rule.reason}</code>
            {deciding.map(({ id, name }) => (
              <div key={id}>
                {t('test.policy')}{' '}
                <TextLink to="/policies/$id" params={{ id }}>
                  {name}
                </TextLink>
              </div>
            ))}
          </Step>
        )}
        {answer.headers === null || !hasHeaderRules(answer.headers) ? null : (
          <Step title={t('section.headers')}>
            <HeaderFacts rules={answer.headers} />
          </Step>
        )}
        {answer.limits === null || !hasLimits(answer.limits) ? null : (
          <Step title={t('section.limits')}>{limitTexts(answer.limits, t).join(' · ')}</Step>
        )}
        {answer.targets.length === 0 ? null : (
          <Step title={t('section.targets')}>
            <Tags of={answer.targets.map(({ protocol, address }) => `${protocol}://${address}`)} />
            {answer.balancing === null || answer.targets.length < 2 ? null : t(`balancing.${answer.balancing}`)}
          </Step>
        )}
      </Box>
    </Section>
  );
}

function Step({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div>
      <Typography variant="body2" color="textSecondary">
        {title}
      </Typography>
      {children}
    </div>
  );
}
