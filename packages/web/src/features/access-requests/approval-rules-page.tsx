import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import type { ApprovalRule } from '@zeronaut/model';
import { lazy, Suspense, useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { tell } from '../../base/notices.ts';
import { useMay } from '../../base/session.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { CreateButton } from '../../ui/create-button.tsx';
import { PolicyIcon } from '../../ui/icons.tsx';
import { actionsColumn } from '../../ui/list-columns.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import type { Column } from '../../ui/list-table.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { Tags } from '../../ui/tag.tsx';
import { useDone } from '../../ui/use-done.ts';
import { duration } from './duration.ts';
import { accessRequestMessages } from './messages.ts';

const route = getRouteApi('/access-requests/approval-rules');
const RuleDialog = lazy(async () => ({ default: (await import('./approval-rule-dialog.tsx')).ApprovalRuleDialog }));

export function ApprovalRulesPage() {
  const t = useMessages(accessRequestMessages);
  const may = useMay();
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const list = useList('approvalRules.list', {});
  const remove = useRouteMutation('approvalRules.delete', ['approvalRules.list', 'accessRequests.list']);
  const set = useRouteMutation('approvalRules.set', ['approvalRules.list', 'accessRequests.list']);
  const done = useDone();
  async function removeRule({ object, objectId: id, approvers, needed, maxMinutes }: ApprovalRule): Promise<void> {
    await remove.mutateAsync({ params: { id } });
    // Not over a rule that somebody made meanwhile.
    const undo = () => set.mutateAsync({ params: { id }, body: { approvers, needed, maxMinutes }, version: 0 });
    tell(done('removed', t('rule.of', { object })), undo);
  }
  const [editing, setEditing] = useState<ApprovalRule | 'new' | null>(null);
  const [removing, setRemoving] = useState<ApprovalRule | null>(null);
  const columns: Column<ApprovalRule>[] = [
    {
      key: 'object',
      header: t('column.object'),
      value: ({ object }) => object,
      cell: ({ object }) => <Box sx={{ fontWeight: 600 }}>{object}</Box>,
    },
    {
      key: 'approvers',
      header: t('column.approvers'),
      value: ({ approvers }) => approvers.join(' '),
      cell: ({ approvers }) => <Tags of={approvers} />,
      from: 'sm',
    },
    {
      key: 'needed',
      header: t('column.needed'),
      value: ({ needed }) => needed,
      cell: ({ needed }) => needed,
      from: 'sm',
      width: '110px',
    },
    {
      key: 'most',
      header: t('column.most'),
      value: ({ maxMinutes }) => maxMinutes,
      cell: ({ maxMinutes }) => {
        const { unit, count } = duration(maxMinutes);
        return t(unit, { count });
      },
      from: 'md',
      width: '120px',
    },
    actionsColumn('200px', (row) =>
      may('policies:write') ? (
        <>
          <Button size="small" onClick={() => setEditing(row)}>
            {t('rule.edit')}
          </Button>
          <Button size="small" color="error" onClick={() => setRemoving(row)}>
            {t('rule.remove')}
          </Button>
        </>
      ) : null,
    ),
  ];
  const create = (
    <CreateButton permission="policies:write" onClick={() => setEditing('new')}>
      {t('rule.create')}
    </CreateButton>
  );
  return (
    <>
      <ListPage
        title={t('rules.title')}
        subtitle={t('rules.subtitle')}
        tabs={<SubNavigation of="requests" />}
        actions={create}
        list={list}
        columns={columns}
        rowKey={({ objectId }) => objectId}
        textOf={({ object, approvers }) => [object, ...approvers].join(' ')}
        filters={[
          {
            key: 'approver',
            label: t('column.approvers'),
            options: [...new Set(list.rows?.flatMap(({ approvers }) => approvers))]
              .sort()
              .map((value) => ({ value, label: value })),
            matches: ({ approvers }, value) => approvers.some((approver) => approver === value),
          },
        ]}
        search={search}
        onSearch={setSearch}
        empty={{ title: t('rules.emptyTitle'), text: t('rules.emptyText'), icon: <PolicyIcon /> }}
      />
      {editing === null ? null : (
        <Suspense>
          <RuleDialog rule={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />
        </Suspense>
      )}
      <ConfirmDialog
        open={removing !== null}
        title={t('rule.removeTitle', { object: removing?.object ?? '' })}
        action={t('rule.remove')}
        onConfirm={() => removeRule(removing!)}
        onClose={() => setRemoving(null)}
      >
        <Typography>{t('rule.removeText')}</Typography>
      </ConfirmDialog>
    </>
  );
}
