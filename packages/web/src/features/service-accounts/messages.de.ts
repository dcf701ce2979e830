import type { Translation } from '../../base/messages.ts';
import type { messages as english } from './messages.en.ts';

export const messages: Translation<typeof english> = {
  title: 'Dienstkonten',
  subtitle: 'Benutzer, die Programme sind: eine Rolle und Gruppen, Schlüssel statt Anmeldung.',
  'column.name': 'Name',
  'column.role': 'Rolle',
  'column.groups': 'Gruppen',
  'column.created': 'Angelegt',
  'column.status': 'Zustand',
  'status.active': 'Aktiv',
  'status.disabled': 'Gesperrt',
  'empty.title': 'Noch kein Dienstkonto',
  'empty.text':
    'Gib jedem Programm ein eigenes Konto: Seine Schlüssel überdauern, wer es eingerichtet hat, und es lässt sich allein stoppen.',
  create: 'Anlegen',
  'create.title': 'Dienstkonto anlegen',
  edit: 'Bearbeiten',
  'edit.title': '{name} bearbeiten',
  save: 'Speichern',
  disable: 'Sperren',
  'disable.title': '{name} sperren?',
  'disable.text': 'Seine Schlüssel und Tokens öffnen ab jetzt nichts mehr. Freigeben stellt sie wieder her.',
  enable: 'Freigeben',
  'enable.title': '{name} freigeben?',
  'enable.text': 'Schlüssel und Tokens, die weder widerrufen noch abgelaufen sind, gelten wieder.',
  'name.hint': 'Kleinbuchstaben, Ziffern und Bindestriche, etwa deploy-bot',
  'role.hint': 'Das Meiste, was seine Schlüssel können',
  'groups.hint': 'Wonach Policies und Zugriffsregeln fragen',
};
