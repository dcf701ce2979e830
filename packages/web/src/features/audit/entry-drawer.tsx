import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Drawer from '@mui/material/Drawer';
import IconButton from '@mui/material/IconButton';
import Typography from '@mui/material/Typography';
import type { AuditEntry } from '@zeronaut/model';
import { type DecisionClass, decisionClassOf } from '@zeronaut/model/decision-class';
import { type ReactNode, useState } from 'react';
import { useLanguage, useMessages } from '../../base/messages.ts';
import { useNameOf } from '../../base/people.ts';
import { useReasonText } from '../../base/reason-texts.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { CopyText } from '../../ui/copy-text.tsx';
import { DiffView } from '../../ui/diff-view.tsx';
import { Facts } from '../../ui/facts.tsx';
import { CloseIcon } from '../../ui/icons.tsx';
import { ErrorState } from '../../ui/states.tsx';
import { StatusChip } from '../../ui/status-chip.tsx';
import { absoluteTime } from '../../ui/time.tsx';
import { auditMessages } from './messages.ts';
import { useActionText } from './use-action-text.ts';
import type { EntryProof } from './verify-log.ts';

interface EntryDrawerProps {
  readonly entry: AuditEntry | null;
  /** Shows what somebody did, alone. */
  readonly onActor: (id: string) => void;
  readonly onClose: () => void;
}

/** One entry: what changed, who did it, and that it is in the log. */
export function EntryDrawer({ entry, onActor, onClose }: EntryDrawerProps) {
  const t = useMessages(auditMessages);
  const actionOf = useActionText();
  return (
    <Drawer
      anchor="right"
      open={entry !== null}
      onClose={onClose}
      slotProps={{
        paper: {
          sx: { width: { xs: 1, sm: 600 } },
          role: 'dialog',
          'aria-label': t('entry.title', { seq: entry?.seq ?? 0 }),
        },
      }}
    >
      {entry === null ? null : (
        <Box sx={{ p: { xs: 2, sm: 3 }, display: 'grid', gap: 3, overflowWrap: 'anywhere' }}>
          <Box sx={{ display: 'flex', justifyContent: 'space-between', alignItems: 'flex-start', gap: 1 }}>
            <Box>
              <Typography variant="h4" component="h2">
                {actionOf(entry.action)}
              </Typography>
              <Typography color="textSecondary">
                {t('entry.title', { seq: entry.seq })} · <code>{entry.action}</code>
              </Typography>
            </Box>
            <IconButton aria-label={t('entry.close')} onClick={onClose}>
              <CloseIcon />
            </IconButton>
          </Box>
          <Content key={entry.seq} entry={entry} onActor={onActor} />
        </Box>
      )}
    </Drawer>
  );
}

const textOf = (value: unknown) => (value === null || value === undefined ? '' : JSON.stringify(value, null, 2));

function Content({ entry, onActor }: { readonly entry: AuditEntry; readonly onActor: (id: string) => void }) {
  const t = useMessages(auditMessages);
  const language = useLanguage();
  const [before, after] = [textOf(entry.before), textOf(entry.after)];
  const decision = decisionClassOf(entry);
  return (
    <>
      {decision === null ? null : <Decision decision={decision} />}
      <Part title={t('entry.change')}>
        {before === '' && after === '' ? (
          <Typography color="textSecondary">{t('entry.noChange')}</Typography>
        ) : (
          <DiffView before={before} after={after} label={t('entry.diff')} />
        )}
      </Part>
      <Part title={t('entry.about')}>
        <Facts
          rows={[
            [t('column.at'), absoluteTime(entry.at, language)],
            [t('column.actor'), entry.actor.name],
            [t('entry.actorKind'), t(`kind.${entry.actor.kind}`)],
            entry.actor.address === '' ? null : [t('entry.address'), entry.actor.address],
            [t('entry.object'), <code key="object">{`${entry.objectKind} ${entry.objectId}`}</code>],
            [t('entry.hash'), <code key="hash">{entry.hash}</code>],
            [t('entry.previous'), <code key="previous">{entry.previousHash}</code>],
          ]}
        />
        {entry.actor.id === '' ? null : (
          <Button size="small" variant="outlined" onClick={() => onActor(entry.actor.id)}>
            {t('entry.onlyActor')}
          </Button>
        )}
        {entry.requestId === '' ? null : <CopyText text={entry.requestId} label={t('entry.request')} />}
      </Part>
      <Proof entry={entry} />
    </>
  );
}

/** What was decided so often, and who decided it. */
function Decision({ decision }: { readonly decision: DecisionClass }) {
  const t = useMessages(auditMessages);
  const language = useLanguage();
  const nameOf = useNameOf();
  const reasonText = useReasonText();
  const { decidedBy, policies = [], morePolicies = 0, subject, reason, count } = decision;
  return (
    <Part title={t('decision.title')}>
      <Facts
        rows={[
          [t('decision.reason'), reasonText(reason).title],
          subject === '' ? null : [t('decision.subject'), nameOf(subject)],
          decidedBy === undefined ? null : [t('decision.by'), t(`decision.by.${decidedBy}`)],
          policies.length === 0
            ? null
            : [
                t('decision.policies'),
                <span key="policies">
                  {policies.map(({ id, name }, index) => (
                    <span key={id}>
                      {index === 0 ? '' : ', '}
                      <TextLink to="/policies/$id" params={{ id }}>
                        {name || id}
                      </TextLink>
                    </span>
                  ))}
                  {morePolicies === 0 ? '' : ` ${t('decision.more', { count: morePolicies })}`}
                </span>,
              ],
          [t('decision.count'), count],
          [t('decision.time'), `${absoluteTime(decision.from, language)} – ${absoluteTime(decision.to, language)}`],
          [t('decision.snapshot'), decision.snapshotVersion],
        ]}
      />
    </Part>
  );
}

function Proof({ entry }: { readonly entry: AuditEntry }) {
  const t = useMessages(auditMessages);
  const language = useLanguage();
  const [state, setState] = useState<{ busy: boolean; error: unknown; proof: EntryProof | null }>({
    ...{ busy: false, error: null, proof: null },
  });
  const canCheck = (globalThis.crypto as Crypto | undefined)?.subtle !== undefined;
  async function check(): Promise<void> {
    setState({ busy: true, error: null, proof: null });
    try {
      const { proveEntry } = await import('./verify-log.ts');
      setState({ busy: false, error: null, proof: await proveEntry(entry.seq, entry.organizationId) });
    } catch (error) {
      setState({ busy: false, error, proof: null });
    }
  }
  const { proof } = state;
  return (
    <Part title={t('proof.title')}>
      <Typography color="textSecondary">{canCheck ? t('proof.text') : t('verify.insecure')}</Typography>
      {canCheck ? (
        <Box>
          <Button variant="outlined" size="small" loading={state.busy} onClick={() => void check()}>
            {t('proof.check')}
          </Button>
        </Box>
      ) : null}
      {state.error === null ? null : <ErrorState error={state.error} />}
      <Box role="status">
        {proof === null ? null : proof.proved ? (
          <>
            <Typography sx={{ color: 'success.main', fontWeight: 600 }}>
              {t('proof.good', { size: proof.size, at: absoluteTime(proof.at, language) })}
            </Typography>
            <Typography variant="body2" color="textSecondary">
              {t('proof.signedBy', { kinds: proof.kinds.join(', ') })}
            </Typography>
          </>
        ) : (
          <StatusChip meaning="bad">{t(`proof.bad.${proof.why}`)}</StatusChip>
        )}
      </Box>
    </Part>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Box component="section" aria-label={title} sx={{ display: 'grid', gap: 1, minWidth: 0 }}>
      <Typography variant="h3">{title}</Typography>
      {children}
    </Box>
  );
}
