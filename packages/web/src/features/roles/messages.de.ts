import type { Translation } from '../../base/messages.ts';
import type { messages as english } from './messages.en.ts';

export const messages: Translation<typeof english> = {
  title: 'Rollen',
  subtitle: 'Was Personen und Programme in dieser Konsole und ihrer API dürfen.',
  own: 'Eigene Rollen',
  'own.none':
    'Noch keine. Eine eigene Rolle gibt weniger als admin und mehr als member, etwa nur das Protokoll zu lesen.',
  matrix: 'Was jede Rolle darf',
  permission: 'Berechtigung',
  yes: 'darf',
  permissions: { one: '{count} Berechtigung', other: '{count} Berechtigungen' },
  create: 'Rolle anlegen',
  edit: 'Bearbeiten',
  'edit.title': '{name} bearbeiten',
  save: 'Speichern',
  remove: 'Entfernen',
  'remove.title': '{name} entfernen?',
  'remove.text': 'Eine Rolle, die jemand hat, wird nicht entfernt; gib zuerst eine andere.',
  name: 'Name',
  'name.hint': 'Kleinbuchstaben, Ziffern und Bindestriche',
  description: 'Beschreibung',
  'field.permissions': 'Berechtigungen',
  'permissions.hint': 'Neben dem, was alle dürfen. Höchstens, was du selbst darfst.',
};
