import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import type { RouteResponse, Routes } from '@zeronaut/model';
import { useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useReasonText } from '../../base/reason-texts.ts';
import { useMay } from '../../base/session.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { ShortList } from '../../ui/short-list.tsx';
import { SomeOf } from '../../ui/some-of.tsx';
import { ErrorState } from '../../ui/states.tsx';
import type { Draft } from './draft.ts';
import { policyMessages } from './messages.ts';
import { type Outcome, OutcomeChip } from './policy-chips.tsx';

type Replayed = RouteResponse<Routes['policies.replay']>['gains'][number];
const DAY_MS = 86_400_000;
const OUTCOMES: readonly string[] = ['pass', 'challenge', 'deny'] satisfies Outcome[];

/** What a draft would have done to recorded requests. */
export function ReplayPanel({ draft, changed }: { readonly draft: Draft; readonly changed: boolean }) {
  const t = useMessages(policyMessages);
  const [days, setDays] = useState('7');
  const replay = useRouteMutation('policies.replay', []);
  const named = { ...draft, name: draft.name === '' ? 'draft' : draft.name };
  const run = () =>
    replay.mutate({
      body: {
        proposal: { policies: [named], prune: false },
        since: new Date(Date.now() - Math.min(Math.max(Number(days) || 7, 1), 90) * DAY_MS).toISOString(),
        limit: 20_000,
      },
    });
  const { data } = replay;
  return (
    <Box sx={{ display: 'grid', gap: 2 }}>
      <Typography color="textSecondary">{t('replay.text')}</Typography>
      {changed || draft.mode === 'report' ? (
        <Box sx={{ display: 'flex', gap: 1.5, alignItems: 'center' }}>
          <TextField
            type="number"
            label={t('replay.days')}
            value={days}
            onChange={(event) => setDays(event.target.value)}
            sx={{ width: 130 }}
            slotProps={{ htmlInput: { min: 1, max: 90 } }}
          />
          <Button variant="outlined" loading={replay.isPending} onClick={run}>
            {t('replay.run')}
          </Button>
        </Box>
      ) : (
        <Typography>{t('replay.unchanged')}</Typography>
      )}
      {replay.error === null ? null : <ErrorState error={replay.error} onRetry={run} />}
      {data === undefined ? null : <ReplayResult replay={data} />}
    </Box>
  );
}

/** How many accesses were judged again, who would lose by it, and who gain. */
export function ReplayResult({ replay }: { readonly replay: RouteResponse<Routes['policies.replay']> }) {
  const t = useMessages(policyMessages);
  return (
    <Box role="status" sx={{ display: 'grid', gap: 2 }}>
      <Typography>
        {t('replay.result', { count: replay.events })}
        {replay.skipped === 0 ? '' : ` ${t('replay.skipped', { count: replay.skipped })}`}
      </Typography>
      {(replay.asEnforced ?? []).length === 0 ? null : <Typography>{t('replay.asEnforced')}</Typography>}
      <Side name="loses" rows={replay.loses} />
      <Side name="gains" rows={replay.gains} />
    </Box>
  );
}

function Side({ name, rows }: { readonly name: 'gains' | 'loses'; readonly rows: readonly Replayed[] }) {
  const t = useMessages(policyMessages);
  const title = t(`replay.${name}`);
  return (
    <Box component="section" aria-label={title}>
      <Typography variant="h3" gutterBottom>
        {title}
      </Typography>
      {rows.length === 0 ? (
        <Typography color="textSecondary">{t('replay.nobody')}</Typography>
      ) : (
        <ShortList
          label={title}
          rows={rows}
          padded
          find={{
            name,
            textOf: ({ subject, object, policies }) => [subject, object, ...policies].join(' '),
            orders: [{ key: 'most', value: ({ requests }) => -requests }],
          }}
        >
          {(shown) => (
            <Box
              component="ul"
              sx={{ listStyle: 'none', m: 0, p: 0, border: 1, borderColor: 'divider', borderRadius: 2 }}
            >
              <SomeOf items={shown}>
                {(row) => (
                  <Box
                    component="li"
                    key={`${row.subject} ${row.object} ${row.before} ${row.after}`}
                    sx={{
                      px: 2,
                      py: 1.25,
                      overflowWrap: 'anywhere',
                      '& + li': { borderTop: 1, borderColor: 'divider' },
                    }}
                  >
                    <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 2, alignItems: 'center' }}>
                      <Typography sx={{ fontWeight: 600 }}>{row.subject || t('assertions.nobody')}</Typography>
                      <span>{row.object}</span>
                      <Typography color="textSecondary" variant="body2">
                        {t('replay.requests', { count: row.requests })}
                      </Typography>
                      <Said what={row.before} />
                      <span aria-hidden>→</span>
                      <Said what={row.after} />
                    </Box>
                    <Typography variant="caption" color="textSecondary" component="p" sx={{ mt: 0.25 }}>
                      {row.policies.length === 0 ? null : `${row.policies.join(', ')} · `}
                      <Examples ids={row.examples} />
                    </Typography>
                  </Box>
                )}
              </SomeOf>
            </Box>
          )}
        </ShortList>
      )}
    </Box>
  );
}

/** Each leads to the access as it was recorded, for whoever may read those. */
function Examples({ ids }: { readonly ids: readonly string[] }) {
  const t = useMessages(policyMessages);
  const mayRead = useMay()('events:read');
  return (
    <>
      {t('replay.examples')}{' '}
      {ids.map((id, index) => (
        <span key={id}>
          {index === 0 ? '' : ', '}
          {mayRead ? (
            <TextLink to="/security" search={{ q: id }}>
              {id}
            </TextLink>
          ) : (
            id
          )}
        </span>
      ))}
    </>
  );
}

function Said({ what }: { readonly what: string }) {
  const { title } = useReasonText()(what);
  return OUTCOMES.includes(what) ? <OutcomeChip outcome={what as Outcome} /> : <span title={what}>{title}</span>;
}
