import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Card from '@mui/material/Card';
import LinearProgress from '@mui/material/LinearProgress';
import Typography from '@mui/material/Typography';
import { type ChangeEvent, useEffect, useRef, useState } from 'react';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { saveFile } from '../../base/save-file.ts';
import { useMe } from '../../base/session.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { Section } from '../../ui/section.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { absoluteTime } from '../../ui/time.tsx';
import { TwoColumns } from '../../ui/two-columns.tsx';
import { visuallyHidden } from '../../ui/visually-hidden.ts';
import { linesOfConsole, linesOfFile } from './log-lines.ts';
import { auditMessages } from './messages.ts';
import type { Remembered, Verified } from './verify-log.ts';

interface Result {
  readonly verified: Verified;
  /** What this browser knew before. */
  readonly known: { readonly size: number; readonly at: string } | null;
}

interface State {
  readonly busy: 'verify' | 'export' | null;
  readonly progress: { readonly done: number; readonly all: number } | null;
  readonly error: unknown;
  readonly result: Result | null;
  readonly exported: number | null;
}

const IDLE: State = { busy: null, progress: null, error: null, result: null, exported: null };

export function VerifyPage() {
  const t = useMessages(auditMessages);
  const { organization } = useMe();
  const [state, setState] = useState<State>(IDLE);
  const stop = useRef<AbortController>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const canCheck = (globalThis.crypto as Crypto | undefined)?.subtle !== undefined;

  async function run(busy: 'verify' | 'export', work: (signal: AbortSignal) => Promise<Partial<State>>): Promise<void> {
    stop.current = new AbortController();
    const { signal } = stop.current;
    setState({ ...IDLE, busy });
    try {
      const done = await work(signal);
      setState({ ...IDLE, ...done });
    } catch (error) {
      setState(signal.aborted ? IDLE : { ...IDLE, error });
    }
  }
  const onProgress = (done: number, all: number) => setState((before) => ({ ...before, progress: { done, all } }));

  const verify = (file: File | null) =>
    run('verify', async (signal) => {
      const { canonicalJson, checkpointOf, remember, remembered, verifyLog } = await import('./verify-log.ts');
      const pieces = file === null ? linesOfConsole(canonicalJson, signal) : linesOfFile(file, signal);
      let before: Remembered | null = null;
      const verified = await verifyLog(
        pieces,
        (id) => {
          before = remembered(id);
          return before;
        },
        onProgress,
      );
      const { last, organizationId, keys } = verified;
      const old = before as Remembered | null;
      // Only of the own log: that of another organization is none of this console's business.
      if (last !== null && organizationId === organization.id) {
        remember(organizationId, { note: last.note, keys: old?.keys ?? keys });
      }
      const known = old === null ? undefined : checkpointOf(old.note);
      return { result: { verified, known: known === undefined ? null : { size: known.size, at: known.at } } };
    });

  const save = () =>
    run('export', async (signal) => {
      const { canonicalJson } = await import('./verify-log.ts');
      const parts: string[] = [];
      let entries = 0;
      for await (const { lines, done, all } of linesOfConsole(canonicalJson, signal)) {
        parts.push(`${lines.join('\n')}\n`);
        entries = done;
        onProgress(done, all);
      }
      const name = `audit-${organization.slug}-${new Date().toISOString().slice(0, 10)}.jsonl`;
      saveFile(new Blob(parts, { type: 'application/jsonl' }), name);
      return { exported: entries };
    });

  return (
    <>
      <SubNavigation of="audit" />
      <PageHeader title={t('verify.title')} subtitle={t('verify.subtitle')} />
      <TwoColumns>
        <Section title={t('verify.log')}>
          <Box sx={{ display: 'grid', gap: 2 }}>
            {canCheck ? null : <Typography>{t('verify.insecure')}</Typography>}
            <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1 }}>
              <Button
                variant="contained"
                disabled={!canCheck || state.busy !== null}
                loading={state.busy === 'verify'}
                onClick={() => void verify(null)}
              >
                {t('verify.own')}
              </Button>
              <Button
                variant="outlined"
                disabled={!canCheck || state.busy !== null}
                onClick={() => input.current?.click()}
              >
                {t('verify.file')}
              </Button>
              <Box
                component="input"
                ref={input}
                type="file"
                accept=".jsonl"
                aria-label={t('verify.file')}
                tabIndex={-1}
                sx={visuallyHidden}
                onChange={(event: ChangeEvent<HTMLInputElement>) => {
                  const file = event.target.files?.[0];
                  event.target.value = '';
                  if (file !== undefined) void verify(file);
                }}
              />
            </Box>
            {state.busy === 'verify' ? <Progress state={state} onStop={() => stop.current?.abort()} /> : null}
            {/* Empty, it takes no gap either. */}
            <Box role="status" sx={{ '&:empty': { mt: -2 } }}>
              {state.result === null ? null : (
                <Outcome
                  result={state.result}
                  own={organization.id}
                  onForget={async () => {
                    const { remember } = await import('./verify-log.ts');
                    remember(organization.id, null);
                    setState(IDLE);
                  }}
                />
              )}
            </Box>
          </Box>
        </Section>
        <Section title={t('verify.export')}>
          <Box sx={{ display: 'grid', gap: 2 }}>
            <Typography color="textSecondary">{t('verify.exportText')}</Typography>
            <Box>
              <Button
                variant="outlined"
                disabled={state.busy !== null}
                loading={state.busy === 'export'}
                onClick={() => void save()}
              >
                {t('verify.export')}
              </Button>
            </Box>
            {state.busy === 'export' ? <Progress state={state} onStop={() => stop.current?.abort()} /> : null}
            {state.exported === null ? null : (
              <Typography role="status">{t('verify.exportDone', { count: state.exported })}</Typography>
            )}
            <Typography color="textSecondary">{t('verify.independent')}</Typography>
            <CopyText text="npx zeronaut audit verify audit.jsonl" label={t('verify.command')} />
          </Box>
        </Section>
      </TwoColumns>
      {state.error === null ? null : (
        <Card sx={{ mt: 2 }}>
          <ErrorState error={state.error} />
        </Card>
      )}
    </>
  );
}

function Progress({ state: { progress }, onStop }: { readonly state: State; readonly onStop: () => void }) {
  const t = useMessages(auditMessages);
  const { done, all } = progress ?? { done: 0, all: 0 };
  return (
    <Box sx={{ display: 'grid', gap: 1 }}>
      <LinearProgress
        variant={all === 0 ? 'indeterminate' : 'determinate'}
        value={all === 0 ? 0 : (done / all) * 100}
        aria-label={t('verify.progressLabel')}
      />
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 2 }}>
        <Typography variant="body2" color="textSecondary">
          {t('verify.progress', { done, all })}
        </Typography>
        <Button size="small" color="inherit" onClick={onStop}>
          {t('verify.stop')}
        </Button>
      </Box>
    </Box>
  );
}

interface OutcomeProps {
  readonly result: Result;
  readonly own: string;
  readonly onForget: () => Promise<void>;
}

function Outcome({ result: { verified, known }, own, onForget }: OutcomeProps) {
  const t = useMessages(auditMessages);
  const language = useLanguage();
  const { valid, finding, last, entries, pruned, checkpoints, kinds, isPartial, organizationId } = verified;
  return (
    <Box sx={{ display: 'grid', gap: 1 }}>
      <Typography variant="h3" component="p" sx={{ color: valid ? 'success.main' : 'error.main', fontSize: 16 }}>
        {t(valid ? 'verify.good' : 'verify.bad')}
      </Typography>
      {valid && last !== null ? (
        <Typography>
          {t('verify.goodText', { entries, checkpoints, at: absoluteTime(last.checkpoint.at, language) })}
        </Typography>
      ) : null}
      {pruned > 0 ? <Typography>{t('verify.pruned', { count: pruned })}</Typography> : null}
      {finding === null ? null : (
        <Box>
          <StatusChip meaning="bad">{finding.flaw}</StatusChip>
          <Typography>{finding.message}</Typography>
          <Typography variant="body2" color="textSecondary">
            {[
              finding.seq === null ? '' : t('verify.seq', { seq: finding.seq }),
              t('verify.where', { line: finding.line }),
            ]
              .filter(Boolean)
              .join(' · ')}
          </Typography>
        </Box>
      )}
      <Typography variant="body2" color="textSecondary">
        {t('verify.signatures', { kinds: kinds.join(', ') || '–' })} {isPartial ? t('verify.partSignatures') : null}
      </Typography>
      {organizationId !== null && organizationId !== own ? (
        <Typography variant="body2">{t('verify.foreign', { id: organizationId })}</Typography>
      ) : known === null ? (
        <Typography variant="body2" color="textSecondary">
          {t('verify.first')}
        </Typography>
      ) : valid ? (
        <Typography variant="body2" color="textSecondary">
          {t('verify.known', { size: known.size, at: absoluteTime(known.at, language) })}
        </Typography>
      ) : (
        <Box>
          <Button size="small" color="inherit" onClick={() => void onForget()}>
            {t('verify.forget')}
          </Button>
          <Typography variant="body2" color="textSecondary">
            {t('verify.forgetText')}
          </Typography>
        </Box>
      )}
    </Box>
  );
}
