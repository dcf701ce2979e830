import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import IconButton from '@mui/material/IconButton';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { AssertionResult, PolicyAssertion } from '@zeronaut/model';
import { useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { ApiProblem } from '../../base/api-client.ts';
import { useMessages } from '../../base/messages.ts';
import { useReasonText } from '../../base/reason-texts.ts';
import { useMay } from '../../base/session.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { DeleteIcon, EditIcon, PlusIcon, PolicyIcon } from '../../ui/icons.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { ShortList } from '../../ui/short-list.tsx';
import { EmptyState, ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { policyMessages } from './messages.ts';
import { EMPTY_QUESTION, fieldsOf, type QuestionFields, questionOf } from './question.ts';
import { QuestionInputs } from './simulate-panel.tsx';

/** One of a list as it was when somebody began: others may have put theirs before it since. The length of the list: a new one. */
interface Place {
  readonly index: number;
  readonly assertions: readonly PolicyAssertion[];
  readonly version: number;
}

const EFFECTS = ['pass', 'challenge', 'deny'] as const;

export function AssertionsPage() {
  const t = useMessages(policyMessages);
  const may = useMay();
  const { data, error, refetch } = useQuery(routeQuery('policyAssertions.get', {}));
  const tested = useQuery(routeQuery('policyAssertions.test', {}));
  const update = useRouteMutation('policyAssertions.update', ['policyAssertions.get', 'policyAssertions.test']);
  const [editing, setEditing] = useState<Place | null>(null);
  const [removing, setRemoving] = useState<Place | null>(null);
  const [conflict, setConflict] = useState(false);
  const assertions = data?.assertions ?? [];
  const at = (index: number): Place => ({ index, assertions, version: data!.version });
  // Of the list as it was a moment ago, results would stand beside other questions.
  const results = tested.data?.version === data?.version ? (tested.data?.results ?? []) : [];
  const broken = results.filter(({ holds }) => !holds).length;
  const rows = assertions.map((assertion, index) => ({ assertion, index, result: results[index] }));
  const mayWrite = may('policies:write');

  /** In the list as it is now; where somebody else changed the very same one, `onTheirs` is told of its place there, and it is not saved. */
  async function save(place: Place, onTheirs: (now: Place) => void, ...put: PolicyAssertion[]): Promise<void> {
    setConflict(false);
    const { index, assertions: before, version } = place;
    try {
      await update.mutateAsync({ body: { assertions: before.toSpliced(index, 1, ...put) }, version });
    } catch (problem) {
      if (!(problem instanceof ApiProblem) || problem.problem.status !== 412) throw problem;
      const fresh = (await refetch({ throwOnError: true })).data!;
      const mine = before[index];
      const found = fresh.assertions.findIndex(({ name }) => name === mine?.name);
      const now = { ...fresh, index: found === -1 ? fresh.assertions.length : found };
      const isAsBefore = JSON.stringify(fresh.assertions[now.index]) === JSON.stringify(mine);
      if (isAsBefore) return await save(now, onTheirs, ...put);
      // Gone already is as good as removed.
      if (put.length === 0 && found === -1) return;
      onTheirs(now);
      setConflict(true);
      throw problem;
    }
  }

  const add = mayWrite ? (
    <Button
      variant="contained"
      data-create=""
      startIcon={<PlusIcon />}
      onClick={() => setEditing(at(assertions.length))}
    >
      {t('assertions.add')}
    </Button>
  ) : null;
  return (
    <>
      <SubNavigation of="policies" />
      <PageHeader
        title={t('assertions.title')}
        subtitle={t('assertions.subtitle')}
        actions={assertions.length === 0 ? null : add}
      />
      {broken > 0 ? (
        <Alert severity="error" variant="outlined" sx={{ mb: 2 }}>
          {t('assertions.broken', { count: broken })}
        </Alert>
      ) : null}
      {tested.error === null || tested.data !== undefined ? null : (
        <ErrorState error={tested.error} onRetry={() => void tested.refetch()} />
      )}
      <Card component="section" aria-label={t('assertions.title')}>
        {data === undefined ? (
          error === null ? (
            <RowsSkeleton label={t('assertions.title')} />
          ) : (
            <ErrorState error={error} onRetry={() => void refetch()} />
          )
        ) : assertions.length === 0 ? (
          <EmptyState title={t('assertions.empty.title')} icon={<PolicyIcon />}>
            <span>{t('assertions.empty.text')}</span>
            <Box>{add}</Box>
          </EmptyState>
        ) : (
          <ShortList
            label={t('assertions.title')}
            rows={rows}
            find={{
              textOf: ({ assertion: { name, user, action, object } }) =>
                [name, user ?? t('assertions.nobody'), t(`action.${action}`), object].join(' '),
              filters: [
                {
                  key: 'state',
                  label: t('assertions.state'),
                  options: [
                    { value: 'holds', label: t('assertions.holds') },
                    { value: 'broken', label: t('assertions.isBroken') },
                  ],
                  matches: ({ result }, value) => result !== undefined && result.holds === (value === 'holds'),
                },
                {
                  key: 'expect',
                  label: t('assertions.expect'),
                  options: EFFECTS.map((value) => ({ value, label: t(`outcome.${value}`) })),
                  matches: ({ assertion }, value) => assertion.expect === value,
                },
              ],
              orders: [
                { key: 'name', value: ({ assertion }) => assertion.name },
                { key: 'broken', value: ({ result }) => (result === undefined ? null : Number(result.holds)) },
              ],
            }}
          >
            {(shown) => (
              <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
                {shown.map(({ assertion, index, result }, place) => (
                  <Box
                    component="li"
                    key={assertion.name}
                    sx={{
                      display: 'flex',
                      flexWrap: 'wrap',
                      gap: 1.5,
                      alignItems: 'center',
                      px: { xs: 2, sm: 2.5 },
                      py: 1.25,
                      borderTop: place === 0 ? 0 : 1,
                      borderColor: 'divider',
                    }}
                  >
                    <Box sx={{ flex: '1 1 260px', minWidth: 0, overflowWrap: 'anywhere' }}>
                      <Typography sx={{ fontWeight: 600 }}>{assertion.name}</Typography>
                      <Typography variant="body2" color="textSecondary">
                        {t('assertions.question', {
                          user: assertion.user ?? t('assertions.nobody'),
                          action: t(`action.${assertion.action}`),
                          object: assertion.object,
                        })}
                      </Typography>
                      <Typography variant="body2" color="textSecondary">
                        {t('assertions.expected', { effect: t(`outcome.${assertion.expect}`) })}
                      </Typography>
                    </Box>
                    <Box sx={{ flex: '1 1 220px', minWidth: 0, overflowWrap: 'anywhere' }}>
                      <AssertionState result={result} />
                    </Box>
                    {mayWrite ? (
                      <Box>
                        <IconButton
                          aria-label={`${t('assertions.edit')}: ${assertion.name}`}
                          onClick={() => setEditing(at(index))}
                        >
                          <EditIcon />
                        </IconButton>
                        <IconButton
                          aria-label={`${t('form.remove')}: ${assertion.name}`}
                          onClick={() => setRemoving(at(index))}
                        >
                          <DeleteIcon />
                        </IconButton>
                      </Box>
                    ) : null}
                  </Box>
                ))}
              </Box>
            )}
          </ShortList>
        )}
      </Card>
      {editing === null ? null : (
        <AssertionDialog
          assertion={editing.assertions[editing.index]}
          conflict={conflict}
          onSave={(next) => save(editing, setEditing, next)}
          onClose={() => {
            setConflict(false);
            setEditing(null);
          }}
        />
      )}
      <ConfirmDialog
        open={removing !== null}
        title={t('assertions.remove.title', { name: removing?.assertions[removing.index]?.name ?? '' })}
        action={t('form.remove')}
        onConfirm={() => save(removing!, setRemoving)}
        onClose={() => setRemoving(null)}
      >
        <Typography>{t('assertions.remove.text')}</Typography>
      </ConfirmDialog>
    </>
  );
}

/** What was answered when it was asked just now, and by what; nothing until then. */
function AssertionState({ result }: { readonly result: AssertionResult | undefined }) {
  const t = useMessages(policyMessages);
  const reasonText = useReasonText();
  if (result === undefined) return null;
  const { holds, effect, reason, policies, problem } = result;
  return (
    <>
      <StatusChip meaning={holds ? 'ok' : 'bad'}>{t(holds ? 'assertions.holds' : 'assertions.isBroken')}</StatusChip>
      <Typography variant="body2" color="textSecondary">
        {problem ??
          (holds ? '' : `${t('assertions.is', { effect: t(`outcome.${effect!}`) })} `) +
            (policies.length > 0
              ? t('assertions.byPolicy')
              : t('assertions.byRule', { reason: reasonText(reason!).title }))}
        {policies.map(({ id, name }) => (
          <span key={id}>
            {' '}
            <TextLink to="/policies/$id" params={{ id }}>
              {name}
            </TextLink>
          </span>
        ))}
      </Typography>
    </>
  );
}

interface AssertionDialogProps {
  readonly assertion: PolicyAssertion | undefined;
  /** Somebody else changed or removed it meanwhile; saved again, it is as it is here. */
  readonly conflict: boolean;
  readonly onSave: (assertion: PolicyAssertion) => Promise<void>;
  readonly onClose: () => void;
}

function AssertionDialog({ assertion, conflict, onSave, onClose }: AssertionDialogProps) {
  const t = useMessages(policyMessages);
  const [name, setName] = useState(assertion?.name ?? '');
  const [expect, setExpect] = useState<PolicyAssertion['expect']>(assertion?.expect ?? 'deny');
  const [fields, setFields] = useState<QuestionFields>(assertion === undefined ? EMPTY_QUESTION : fieldsOf(assertion));
  const [state, setState] = useState<{ readonly busy: boolean; readonly error: unknown }>({ busy: false, error: null });
  async function save(): Promise<void> {
    setState({ busy: true, error: null });
    try {
      const { deviceId } = assertion?.circumstances ?? {};
      const question = questionOf(fields);
      // The form has no field for the device: what a file said of it stays.
      const circumstances = { ...question.circumstances, ...(deviceId !== undefined && { deviceId }) };
      await onSave({ ...question, name, expect, circumstances });
      onClose();
    } catch (error) {
      setState({ busy: false, error });
    }
  }
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="sm" aria-labelledby="assertion-title">
      <DialogTitle id="assertion-title" variant="h4">
        {t(assertion === undefined ? 'assertions.add' : 'assertions.edit')}
      </DialogTitle>
      <DialogContent sx={{ display: 'grid', gap: 2 }}>
        <TextField
          label={t('assertions.name')}
          value={name}
          onChange={(event) => setName(event.target.value)}
          required
          autoFocus
          sx={{ mt: 1 }}
          slotProps={{ htmlInput: { maxLength: 120 } }}
        />
        <QuestionInputs fields={fields} onFields={(change) => setFields((before) => ({ ...before, ...change }))} />
        <TextField
          select
          label={t('assertions.expect')}
          value={expect}
          onChange={(event) => setExpect(event.target.value as PolicyAssertion['expect'])}
        >
          {EFFECTS.map((effect) => (
            <MenuItem key={effect} value={effect}>
              {t(`outcome.${effect}`)}
            </MenuItem>
          ))}
        </TextField>
        {conflict ? (
          <Alert severity="warning">{t('assertions.conflict')}</Alert>
        ) : state.error === null ? null : (
          <ErrorState error={state.error} />
        )}
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2 }}>
        <Button color="inherit" onClick={onClose} disabled={state.busy}>
          {t('assertions.cancel')}
        </Button>
        <Button
          variant="contained"
          loading={state.busy}
          disabled={name.trim() === '' || fields.object.trim() === ''}
          onClick={() => void save()}
        >
          {t('save')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
