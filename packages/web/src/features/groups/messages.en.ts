export const messages = {
  title: 'Groups',
  subtitle: 'Named sets of users. Access rules and policies speak of them as group:name.',
  'column.name': 'Group',
  'column.people': 'People',
  'column.programs': 'Service accounts',
  'column.who': 'Members',
  people: { one: '{count} person', other: '{count} people' },
  more: { one: 'and {count} more', other: 'and {count} more' },
  'empty.title': 'No group yet',
  'empty.text':
    'A group exists as long as somebody is in it. Put a user into one on their page, or let an identity provider do it when they sign in.',
} as const;
