import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useMessages } from '../../base/messages.ts';
import { useReasonText } from '../../base/reason-texts.ts';
import { saveFile } from '../../base/save-file.ts';
import { useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { ButtonLink, TextLink } from '../../ui/button-link.tsx';
import { PolicyIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import type { Column } from '../../ui/list-table.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { policyMessages } from './messages.ts';
import { OutcomeChip } from './policy-chips.tsx';
import { type ReachRow, reachCsv, reachRows } from './reach-rows.ts';

const route = getRouteApi('/policies/reach');

/** Who reaches what, and by what; the console answers a page at a time, so that nobody waits for all pairs. */
export function ReachPage() {
  const t = useMessages(policyMessages);
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const { user, object } = search;
  const { rows: reached, ...list } = useList('policies.reach', {
    query: { ...(user !== undefined && { user }), ...(object !== undefined && { object }) },
  });
  const rows = reached === undefined ? undefined : reachRows(reached, user !== undefined);
  const columns: Column<ReachRow>[] = [
    {
      key: 'who',
      header: t('reach.who'),
      value: ({ email }) => email,
      cell: ({ userId, email }) => (
        <TextLink to="/users/$id" params={{ id: userId }}>
          {email}
        </TextLink>
      ),
    },
    {
      key: 'what',
      header: t('reach.what'),
      value: ({ object: name }) => name,
      cell: ({ kind, objectId, object: name }) =>
        kind === 'site' ? (
          <TextLink to="/sites/$id" params={{ id: objectId }}>
            {name}
          </TextLink>
        ) : (
          <TextLink to="/resources/$id" params={{ id: objectId }}>
            {name}
          </TextLink>
        ),
    },
    {
      key: 'action',
      header: t('reach.action'),
      value: ({ action }) => action,
      cell: ({ action }) => action,
      width: '100px',
    },
    {
      key: 'answer',
      header: t('reach.answer'),
      value: ({ effect }) => effect,
      cell: (row) => <Answer row={row} />,
    },
    { key: 'by', header: t('reach.by'), cell: (row) => <By row={row} />, from: 'md' },
  ];
  const next = (
    <ButtonLink to="/policies/simulator" variant="outlined">
      {t('reach.simulate')}
    </ButtonLink>
  );
  return (
    <ListPage
      title={t('reach.title')}
      subtitle={t('reach.subtitle')}
      tabs={<SubNavigation of="policies" />}
      above={<Question key={`${user} ${object}`} user={user ?? ''} object={object ?? ''} onAsk={setSearch} />}
      actions={
        <Button
          variant="outlined"
          disabled={rows === undefined || rows.length === 0}
          onClick={() => saveFile(new Blob([reachCsv(rows ?? [])], { type: 'text/csv' }), 'reach.csv')}
        >
          {t('reach.save')}
        </Button>
      }
      list={{ ...list, rows }}
      columns={columns}
      rowKey={(row) => [row.userId, row.objectId, row.action, ...(row.gateways ?? [])].join(' ')}
      textOf={(row) =>
        [row.email, row.object, row.action, row.reason, ...row.policies, ...(row.gateways ?? [])].join(' ')
      }
      filters={[
        {
          key: 'answer',
          label: t('reach.answer'),
          options: (['pass', 'challenge', 'depends', 'deny'] as const).map((value) => ({
            value,
            label: t(`outcome.${value}`),
          })),
          matches: ({ effect }, value) => effect === value,
        },
        {
          key: 'kind',
          label: t('reach.kind'),
          options: (['resource', 'site'] as const).map((value) => ({ value, label: t(`reach.kind.${value}`) })),
          matches: ({ kind }, value) => kind === value,
        },
      ]}
      search={search}
      onSearch={setSearch}
      empty={{ title: t('reach.emptyTitle'), text: t('reach.emptyText'), icon: <PolicyIcon />, actions: next }}
    />
  );
}

/** Of whom and of what; the console asks that alone then. */
function Question(props: {
  readonly user: string;
  readonly object: string;
  readonly onAsk: (change: Record<string, string | undefined>) => void;
}) {
  const t = useMessages(policyMessages);
  const [user, setUser] = useState(props.user);
  const [object, setObject] = useState(props.object);
  return (
    <Box
      component="form"
      sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, alignItems: 'center', mb: 2 }}
      onSubmit={(event) => {
        event.preventDefault();
        props.onAsk({ user: user.trim() || undefined, object: object.trim() || undefined });
      }}
    >
      <TextField
        label={t('reach.user')}
        value={user}
        onChange={({ target }) => setUser(target.value)}
        sx={{ width: { xs: 1, sm: 260 } }}
        slotProps={{ htmlInput: { maxLength: 200, autoComplete: 'off' } }}
      />
      <TextField
        label={t('reach.object')}
        value={object}
        onChange={({ target }) => setObject(target.value)}
        sx={{ width: { xs: 1, sm: 220 } }}
        slotProps={{ htmlInput: { maxLength: 64, autoComplete: 'off' } }}
      />
      <Button type="submit" variant="outlined">
        {t('reach.ask')}
      </Button>
    </Box>
  );
}

function Answer({ row: { effect, facts, gateways } }: { readonly row: ReachRow }) {
  const t = useMessages(policyMessages);
  const more = [
    ...(effect === 'depends' ? [t('reach.dependsOn', { facts: facts.join(', ') })] : []),
    ...(gateways === null ? [] : [t('reach.at', { gateways: gateways.join(', ') })]),
  ];
  return (
    <>
      <OutcomeChip outcome={effect} />
      {more.length === 0 ? null : (
        <Typography variant="caption" color="textSecondary" component="div" sx={{ overflowWrap: 'anywhere' }}>
          {more.join(' · ')}
        </Typography>
      )}
    </>
  );
}

/** The policies that say so, else the rule of the resource. */
function By({ row: { policies, reason } }: { readonly row: ReachRow }) {
  const reasonText = useReasonText();
  if (policies.length === 0) return <>{reasonText(reason).title}</>;
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1 }}>
      {policies.map((name) => (
        <TextLink key={name} to="/policies" search={{ q: name }}>
          {name}
        </TextLink>
      ))}
    </Box>
  );
}
