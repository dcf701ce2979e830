import type { Translation } from '../../base/messages.ts';
import type { messages as english } from './messages.en.ts';

export const messages: Translation<typeof english> = {
  title: 'Gruppen',
  subtitle: 'Personen unter einem Namen. Zugriffsregeln und Policies nennen sie group:name.',
  'column.name': 'Gruppe',
  'column.people': 'Personen',
  'column.programs': 'Dienstkonten',
  people: { one: '{count} Person', other: '{count} Personen' },
  description: 'Beschreibung',
  'name.hint': 'Kleinbuchstaben, Ziffern und Bindestriche; was Regeln nennen, behält seinen Namen',
  create: 'Gruppe anlegen',
  edit: 'Bearbeiten',
  'edit.title': '{name} bearbeiten',
  save: 'Speichern',
  remove: 'Entfernen',
  'remove.title': '{name} entfernen?',
  'remove.text': 'Die Mitglieder bleiben, ohne sie.',
  'remove.given': {
    one: '{provider} hat {count} Mitglied aufgenommen und tut es wieder, solange eine Zuordnung es sagt.',
    other: '{provider} hat {count} Mitglieder aufgenommen und tut es wieder, solange eine Zuordnung es sagt.',
  },
  'remove.used': 'Sie bleibt, solange diese sie nennen: {names}.',
  'filter.members': 'Darin',
  'filter.members.people': 'Personen',
  'filter.members.programs': 'Programme',
  'filter.members.none': 'Niemand',
  'empty.title': 'Noch keine Gruppe',
  'empty.text':
    'Lege hier eine an, nimm eine Person auf ihrer Seite in eine neue auf, oder überlass es einem Identitätsanbieter bei der Anmeldung.',
};
