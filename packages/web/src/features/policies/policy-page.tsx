import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import type { Policy } from '@zeronaut/model';
import { useState } from 'react';
import { call, routeQuery, useRouteMutation } from '../../base/api.ts';
import { ApiProblem } from '../../base/api-client.ts';
import { useMessages } from '../../base/messages.ts';
import { tell } from '../../base/notices.ts';
import { useMay } from '../../base/session.ts';
import { useLiveTraffic } from '../../base/use-live-traffic.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { DiffView } from '../../ui/diff-view.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { PendingThing } from '../../ui/pending-thing.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Time } from '../../ui/time.tsx';
import { useDone } from '../../ui/use-done.ts';
import { type Draft, draftOf, isSame, takeOver } from './draft.ts';
import { DraftViews } from './draft-views.tsx';
import { policyMessages } from './messages.ts';
import { EffectTag, ModeChip } from './policy-chips.tsx';
import { PolicyVersions } from './policy-versions.tsx';
import { ReplayedEffects } from './replayed-effects.tsx';

const route = getRouteApi('/policies/$id');
const CHANGED = ['policies.list', 'policies.get', 'policies.versions'] as const;

export function PolicyPage() {
  const t = useMessages(policyMessages);
  const { id } = route.useParams();
  const { data: policy, error, refetch } = useQuery(routeQuery('policies.get', { params: { id } }));
  return (
    <>
      <SubNavigation of="policies" />
      {policy === undefined ? (
        <PendingThing kind="policy" label={t('title')} error={error} onRetry={() => void refetch()} />
      ) : (
        <Editor key={policy.id} policy={policy} />
      )}
    </>
  );
}

function Editor({ policy }: { readonly policy: Policy }) {
  const t = useMessages(policyMessages);
  const may = useMay();
  const navigate = useNavigate();
  const { view } = route.useSearch();
  const setSearch = route.useNavigate();
  /** What the draft began with: a later version of somebody else must not change the text under one's hands. */
  const [base, setBase] = useState(policy);
  const [draft, setDraft] = useState<Draft>(() => takeOver() ?? draftOf(policy));
  const [removing, setRemoving] = useState(false);
  /** What would no longer be enforced, when it is saved: asked first. */
  const [easing, setEasing] = useState<Policy | null>(null);
  const update = useRouteMutation('policies.update', CHANGED);
  const create = useRouteMutation('policies.create', CHANGED);
  const done = useDone();
  const remove = useRouteMutation('policies.delete', CHANGED);
  const [theirs, setTheirs] = useState<Policy | null>(null);
  const changed = !isSame(draft, draftOf(base));
  // Nothing is typed: what is in force now is shown.
  if (!changed && policy.version !== base.version && theirs === null) {
    setBase(policy);
    setDraft(draftOf(policy));
  }

  function take(version: Policy): void {
    setBase(version);
    setDraft(draftOf(version));
    setTheirs(null);
  }
  async function write({ description, text, mode }: Draft, version: number): Promise<Policy> {
    const after = await update.mutateAsync({ params: { id: policy.id }, body: { description, text, mode }, version });
    take(after);
    return after;
  }
  /** `before`: what is in force, and is replaced. */
  async function save(before: Policy, asked = false): Promise<void> {
    if (before.mode === 'enforce' && draft.mode !== 'enforce' && !asked) {
      setEasing(before);
      return;
    }
    try {
      const after = await write(draft, before.version);
      tell(t('save.done'), () => write(draftOf(before), after.version));
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.problem.status !== 412) return;
      setTheirs(await call('policies.get', { params: { id: policy.id } }));
    }
  }

  const mayWrite = may('policies:write');
  return (
    <>
      <PageHeader
        title={base.name}
        subtitle={
          <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, alignItems: 'center' }}>
            <EffectTag effect={base.effect} />
            <ModeChip mode={base.mode} />
            <span>{`${t('column.version')} ${base.version}`}</span>
            <Time at={base.updatedAt} />
          </Box>
        }
        actions={
          mayWrite ? (
            <>
              <Button variant="outlined" color="error" onClick={() => setRemoving(true)}>
                {t('remove')}
              </Button>
              {changed ? (
                <Button
                  color="inherit"
                  onClick={() => {
                    take(theirs ?? policy);
                    update.reset();
                  }}
                >
                  {t('discard')}
                </Button>
              ) : null}
              <Button
                variant="contained"
                disabled={!changed || theirs !== null}
                loading={update.isPending}
                onClick={() => void save(base)}
              >
                {t('save')}
              </Button>
            </>
          ) : null
        }
      />
      <Box role="status" sx={{ display: 'grid', gap: 2, mb: 2, '&:empty': { display: 'none' } }}>
        {theirs !== null ? (
          <Alert severity="warning" variant="outlined" sx={{ '& .MuiAlert-message': { minWidth: 0, width: 1 } }}>
            <Typography variant="h3">{t('conflict.title')}</Typography>
            <Typography sx={{ mb: 1 }}>{t('conflict.text', { version: theirs.version })}</Typography>
            <DiffView before={theirs.text} after={draft.text} label={t('conflict.label')} />
            <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, mt: 1.5 }}>
              <Button variant="outlined" color="inherit" onClick={() => void save(theirs)}>
                {t('conflict.mine')}
              </Button>
              <Button
                variant="outlined"
                color="inherit"
                onClick={() => {
                  take(theirs);
                  update.reset();
                }}
              >
                {t('conflict.theirs')}
              </Button>
            </Box>
          </Alert>
        ) : update.error !== null ? (
          <Card>
            <ErrorState error={update.error} />
          </Card>
        ) : null}
      </Box>
      <DraftViews
        draft={draft}
        onDraft={(change) => setDraft((before) => ({ ...before, ...change }))}
        view={view}
        onView={(next) => void setSearch({ search: { view: next }, replace: true })}
        readOnly={!mayWrite}
        changed={changed}
        versions={<PolicyVersions policy={policy} />}
      />
      <ConfirmDialog
        open={easing !== null}
        title={t(draft.mode === 'off' ? 'easing.off' : 'easing.report', { name: base.name })}
        action={t('save')}
        onConfirm={() => save(easing!, true)}
        onClose={() => setEasing(null)}
      >
        <Typography>{t(`remove.${base.effect}`)}</Typography>
        {easing === null ? null : <ReplayedEffects proposed={draft} />}
      </ConfirmDialog>
      <ConfirmDialog
        open={removing}
        title={t('remove.title', { name: base.name })}
        action={t('remove')}
        typeName={base.name}
        onConfirm={async () => {
          const { name, description, text, mode } = policy;
          await remove.mutateAsync({ params: { id: policy.id } });
          // With what it says, and no versions from before: those are in the audit log.
          tell(done('removed', name), () => create.mutateAsync({ body: { name, description, text, mode } }));
          await navigate({ to: '/policies' });
        }}
        onClose={() => setRemoving(false)}
      >
        {base.mode === 'enforce' ? <Typography>{t(`remove.${base.effect}`)}</Typography> : null}
        {removing && base.mode === 'enforce' ? <ReplayedEffects proposed={{ ...draftOf(base), mode: 'off' }} /> : null}
        <PolicyUse id={policy.id} />
        <Typography>{t('remove.kept')}</Typography>
      </ConfirmDialog>
    </>
  );
}

/** What it decided lately, for whoever is asked whether it shall go. */
function PolicyUse({ id }: { readonly id: string }) {
  const t = useMessages(policyMessages);
  const { data } = useQuery(routeQuery('policies.hits', { query: { range: '30d' } }));
  useLiveTraffic({});
  if (data === undefined) return null;
  const { permitted, forbade } = data.items.find(({ policyId }) => policyId === id) ?? { permitted: 0, forbade: 0 };
  return <Typography>{t('remove.hits', { count: permitted + forbade })}</Typography>;
}
