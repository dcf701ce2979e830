import type { Translation } from '../../base/messages.ts';
import type { messages as english } from './messages.en.ts';

export const messages: Translation<typeof english> = {
  title: 'Gruppen',
  subtitle: 'Personen unter einem Namen. Zugriffsregeln und Richtlinien nennen sie group:name.',
  'column.name': 'Gruppe',
  'column.people': 'Personen',
  'column.programs': 'Dienstkonten',
  'column.who': 'Mitglieder',
  people: { one: '{count} Person', other: '{count} Personen' },
  more: { one: 'und {count} weitere', other: 'und {count} weitere' },
  'empty.title': 'Noch keine Gruppe',
  'empty.text':
    'Eine Gruppe gibt es, solange jemand darin ist. Nimm eine Person auf ihrer Seite in eine auf, oder überlass es einem Identitätsanbieter bei der Anmeldung.',
};
