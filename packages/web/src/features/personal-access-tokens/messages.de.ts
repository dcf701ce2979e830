import type { Translation } from '../../base/messages.ts';
import type { messages as english } from './messages.en.ts';

export const messages: Translation<typeof english> = {
  title: 'Persönliche Zugriffstokens',
  'mine.subtitle': 'Für Programme, die sich nicht anmelden können und Dienste als du erreichen: git, Backups, Skripte.',
  'all.subtitle': 'Was Personen Programmen gaben, die Dienste als sie erreichen.',
  'all.own': 'Deine eigenen Tokens',
  'column.name': 'Name',
  'column.owner': 'Besitzer',
  'column.resources': 'Ressourcen',
  'column.used': 'Zuletzt benutzt',
  'column.expires': 'Läuft ab',
  'column.status': 'Zustand',
  'empty.title': 'Noch kein Token',
  'mine.empty': 'Ein Token gilt für die Dienste, die du nennst, und für nichts sonst, und es erreicht sie selbst nie.',
  'all.empty': 'Personen legen sie unter Mein Zugriff an.',
  create: 'Token anlegen',
  'create.title': 'Persönliches Zugriffstoken anlegen',
  'name.hint': 'wo es benutzt wird, etwa Backup auf nas',
  'resources.hint': 'Namen von HTTP-Ressourcen, die du erreichst',
  'field.life': 'Es gilt',
  days: { one: '{count} Tag', other: '{count} Tage' },
  revoke: 'Widerrufen',
  'revoke.title': '{name} widerrufen?',
  'revoke.text':
    'Gateways trennen in Sekunden, was damit offen ist, und weisen es danach ab. Das lässt sich nicht zurücknehmen.',
  'made.title': 'Dein neues Token',
  'made.token': 'Persönliches Zugriffstoken',
  'made.text':
    'Programme senden es als Bearer-Token oder als Passwort der Basic-Anmeldung mit beliebigem Benutzernamen.',
};
