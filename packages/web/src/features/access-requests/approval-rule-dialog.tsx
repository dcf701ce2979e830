import { useQuery } from '@tanstack/react-query';
import { type ApprovalRule, routes } from '@zeronaut/model';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { findInList } from '../../base/find-in-list.ts';
import { useMessages } from '../../base/messages.ts';
import { useGroups, useRoles } from '../../base/people.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { ListInput, NumberInput, SelectInput } from '../../ui/form-fields.tsx';
import { useDone } from '../../ui/use-done.ts';
import { duration } from './duration.ts';
import { accessRequestMessages } from './messages.ts';

const ALL = { query: { limit: 500 } } as const;
const MOST_MINUTES = [60, 240, 480, 1_440, 10_080, 43_200] as const;
const { body, params } = routes['approvalRules.set'];
const schema = body.extend({ object: params.shape.id });

function baseOf(rule: ApprovalRule | null) {
  return {
    values: {
      object: rule?.objectId ?? '',
      approvers: rule?.approvers ?? [],
      needed: rule?.needed ?? 1,
      maxMinutes: rule?.maxMinutes ?? 480,
    },
    // There is none yet: one that somebody made is not written over.
    version: rule?.version ?? 0,
  };
}

/** As it is by now. Where somebody removed it, to save it makes it again. */
async function reload(rule: ApprovalRule) {
  const now = await findInList('approvalRules.list', ({ objectId }) => objectId === rule.objectId);
  return baseOf(now ?? { ...rule, version: 0 });
}

/** `rule` null: a new one. */
export function ApprovalRuleDialog({
  rule,
  onClose,
}: {
  readonly rule: ApprovalRule | null;
  readonly onClose: () => void;
}) {
  const t = useMessages(accessRequestMessages);
  const done = useDone();
  const set = useRouteMutation('approvalRules.set', ['approvalRules.list', 'accessRequests.list']);
  const groups = useGroups();
  const roles = useRoles();
  const resources = useQuery(routeQuery('resources.list', ALL));
  const sites = useQuery(routeQuery('sites.list', ALL));
  if (resources.isLoading || sites.isLoading) return null;
  const objects = [...(resources.data?.items ?? []), ...(sites.data?.items ?? [])];
  const most = [...new Set([...MOST_MINUTES, rule?.maxMinutes ?? 480])].sort((a, b) => a - b);
  return (
    <FormDialog
      title={rule === null ? t('rule.create') : t('rule.editTitle', { object: rule.object })}
      action={t('rule.save')}
      schema={schema}
      base={baseOf(rule)}
      onSubmit={({ object, ...rest }, { version }) =>
        set.mutateAsync({ params: { id: object }, body: rest, version: version ?? 0 })
      }
      {...(rule === null ? {} : { reload: () => reload(rule) })}
      {...(rule === null ? {} : { done: done('saved', t('rule.of', { object: rule.object })) })}
      onClose={onClose}
    >
      <SelectInput
        name="object"
        label={t('column.object')}
        disabled={rule !== null}
        options={objects.map(({ id, name }) => ({ value: id, label: name }))}
      />
      <ListInput
        name="approvers"
        label={t('column.approvers')}
        options={[...new Set(['owner', ...roles].map((one) => `role:${one}`)), ...groups.map((one) => `group:${one}`)]}
        hint={t('approvers.hint')}
      />
      <NumberInput name="needed" label={t('column.needed')} hint={t('needed.hint')} />
      <SelectInput
        name="maxMinutes"
        label={t('column.most')}
        options={most.map((value) => {
          const { unit, count } = duration(value);
          return { value, label: t(unit, { count }) };
        })}
      />
    </FormDialog>
  );
}
