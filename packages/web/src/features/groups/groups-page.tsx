import { getRouteApi } from '@tanstack/react-router';
import { useMessages } from '../../base/messages.ts';
import { type RowOf, useList } from '../../base/use-list.ts';
import { useSearchChange } from '../../base/use-search-change.ts';
import { TextLink } from '../../ui/button-link.tsx';
import { UserIcon } from '../../ui/icons.tsx';
import { ListPage } from '../../ui/list-page.tsx';
import { type Column, rowLink } from '../../ui/list-table.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { SubNavigation } from '../../ui/sub-navigation.tsx';
import { groupMessages } from './messages.ts';

interface Row {
  readonly name: string;
  readonly people: readonly string[];
  readonly programs: readonly string[];
}

const route = getRouteApi('/users/groups');
const SHOWN_NAMES = 4;

/** Groups are not kept by themselves: one exists as long as somebody is in it. */
export function GroupsPage() {
  const t = useMessages(groupMessages);
  const search = route.useSearch();
  const setSearch = useSearchChange();
  const users = useList('users.list', {});
  const columns: Column<Row>[] = [
    {
      key: 'name',
      header: t('column.name'),
      value: ({ name }) => name,
      cell: ({ name }) => (
        <TextLink to="/users" search={{ group: name }} sx={rowLink}>
          {name}
        </TextLink>
      ),
    },
    {
      key: 'people',
      header: t('column.people'),
      value: ({ people }) => people.length,
      cell: ({ people }) => t('people', { count: people.length }),
      width: '120px',
    },
    {
      key: 'programs',
      header: t('column.programs'),
      value: ({ programs }) => programs.length,
      cell: ({ programs }) => (programs.length === 0 ? '–' : programs.length),
      from: 'sm',
      width: '140px',
    },
    {
      key: 'who',
      header: t('column.who'),
      cell: ({ people, programs }) => {
        const names = [...people, ...programs];
        const more = names.length - SHOWN_NAMES;
        return `${names.slice(0, SHOWN_NAMES).join(', ')}${more > 0 ? ` ${t('more', { count: more })}` : ''}`;
      },
      from: 'md',
    },
  ];
  return (
    <ListPage
      title={t('title')}
      subtitle={t('subtitle')}
      tabs={<SubNavigation of="people" />}
      list={{ ...users, rows: users.rows === undefined ? undefined : groupsOf(users.rows) }}
      columns={columns}
      rowKey={({ name }) => name}
      textOf={({ name, people, programs }) => [name, ...people, ...programs].join(' ')}
      search={search}
      onSearch={setSearch}
      empty={
        <EmptyState title={t('empty.title')} icon={<UserIcon />}>
          {t('empty.text')}
        </EmptyState>
      }
    />
  );
}

function groupsOf(users: readonly RowOf<'users.list'>[]): readonly Row[] {
  const groups = new Map<string, { people: string[]; programs: string[] }>();
  for (const user of users) {
    for (const group of user.groups) {
      const row = groups.get(group) ?? { people: [], programs: [] };
      groups.set(group, row);
      row[user.kind === 'service_account' ? 'programs' : 'people'].push(user.name);
    }
  }
  return [...groups].map(([name, row]) => ({ name, ...row })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
