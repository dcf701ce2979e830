import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Chip from '@mui/material/Chip';
import Typography from '@mui/material/Typography';
import { type Resource, resourceInputOf, type UnusedPermissions } from '@zeronaut/model';
import { useState } from 'react';
import { call, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { tell } from '../../base/notices.ts';
import { useMay } from '../../base/session.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { DiffView } from '../../ui/diff-view.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';
import { policyMessages } from './messages.ts';

type Rule = UnusedPermissions['rules'][number];
type Door = Rule['rule'];

/** What the rule of a resource names and nobody came by, and a narrower one that is taken over here. */
export function UnusedRule({ rule, onTaken }: { readonly rule: Rule; readonly onTaken: () => void }) {
  const t = useMessages(policyMessages);
  const may = useMay();
  const [asking, setAsking] = useState(false);
  const update = useRouteMutation('resources.update', ['resources.list', 'resources.get']);
  const { proposal, unusedUsers } = rule;
  /** The version that the report saw: whatever was changed since is not overwritten. */
  async function take({ mode, allow, addresses }: Door, from: Resource, version: number): Promise<Resource> {
    const input = resourceInputOf(from);
    const body = { ...input, access: { ...input.access, mode, allow, addresses } };
    return await update.mutateAsync({ params: { id: rule.id }, body, version });
  }
  async function takeOver(to: Door): Promise<void> {
    const after = await take(to, await call('resources.get', { params: { id: rule.id } }), rule.version);
    onTaken();
    tell(t('unused.rules.taken', { name: rule.name }), () => take(rule.rule, after, after.version));
  }
  const diff =
    proposal === null ? null : (
      <DiffView
        before={textOf(rule.rule, t('unused.rules.everybody'))}
        after={textOf(proposal, t('unused.rules.everybody'))}
        label={t('unused.rules.proposal')}
      />
    );
  return (
    <Section
      title={rule.name}
      actions={
        <TextLink to="/resources/$id" params={{ id: rule.id }}>
          {t('unused.rules.open')}
        </TextLink>
      }
    >
      <Facts
        rows={[
          [t('unused.rules.requests'), rule.requests],
          [t('unused.rules.changed'), <Time key="changed" at={rule.changedAt} />],
          [t('unused.users'), rule.everybody ? t('unused.rules.all', { count: rule.users }) : rule.users],
          [
            t('unused.rules.unusedUsers'),
            unusedUsers.count === 0 ? 0 : `${unusedUsers.count}: ${unusedUsers.emails.slice(0, 20).join(', ')}`,
          ],
          rule.unused.length === 0
            ? null
            : [
                t('unused.rules.unused'),
                <Box key="unused" sx={{ display: 'flex', flexWrap: 'wrap', gap: 0.5 }}>
                  {rule.unused.map(({ value }) => (
                    <Chip key={value} size="small" label={value} />
                  ))}
                </Box>,
              ],
        ]}
      />
      {rule.without === null ? null : (
        <Typography color="textSecondary" sx={{ mt: 1.5 }}>
          {t(`unused.rules.without.${rule.without}`)}
        </Typography>
      )}
      {proposal === null ? null : (
        <Box sx={{ display: 'grid', gap: 1, mt: 2, justifyItems: 'start' }}>
          <Typography variant="h3">{t('unused.rules.proposal')}</Typography>
          <Box sx={{ width: 1 }}>{diff}</Box>
          <Typography color="textSecondary">{t('unused.rules.replayed', { count: proposal.replayed })}</Typography>
          {may('resources:write') ? (
            <Button size="small" variant="outlined" onClick={() => setAsking(true)}>
              {t('unused.rules.take')}
            </Button>
          ) : null}
          <ConfirmDialog
            open={asking}
            title={t('unused.rules.ask', { name: rule.name })}
            action={t('unused.rules.take')}
            onConfirm={() => takeOver(proposal)}
            onClose={() => setAsking(false)}
          >
            <Typography>{t('unused.rules.askText')}</Typography>
            {diff}
          </ConfirmDialog>
        </Box>
      )}
    </Section>
  );
}

/** One door a line, so that a difference is a list of doors. */
function textOf({ mode, allow, addresses }: Door, everybody: string): string {
  const people = mode === 'login' && allow.length === 0 ? [everybody] : allow;
  return [`mode: ${mode}`, ...people.map((one) => `allow: ${one}`), ...addresses.map((one) => `address: ${one}`)].join(
    '\n',
  );
}
