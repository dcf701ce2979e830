import type { Translation } from '../base/messages.ts';
import type { messages as english } from './messages.en.ts';

export const messages: Translation<typeof english> = {
  'copy.copy': 'Kopieren',
  'copy.copied': 'Kopiert',
  'state.retry': 'Nochmals versuchen',
  'state.requestId': 'Anfrage {id}',
  'state.unreachable': 'Die Konsole antwortet nicht',
  'state.unreachableNext': 'Prüfe, ob sie läuft und ob dieser Rechner sie erreicht.',
  'state.unexpected': 'Diese Seite ist gescheitert',
  'state.signInAgain': 'Nochmals anmelden',
  'state.signInAgainText': 'Deine letzte Anmeldung ist zu lange her. Danach geht es hier weiter.',
  'list.search': 'Suchen',
  'list.noMatch': 'Nichts passt',
  'list.noMatchText': 'Nimm einen Filter weg oder suche nach etwas anderem.',
  'list.clear': 'Suche und Filter leeren',
  'list.all': 'Alle',
  'list.count': { one: '{count} Eintrag', other: '{count} Einträge' },
  'list.countMore': 'Mehr als {count} Einträge',
  'list.loading': 'Wird geladen',
  'list.sortedUp': 'aufsteigend sortiert',
  'list.sortedDown': 'absteigend sortiert',
  'confirm.cancel': 'Abbrechen',
  'confirm.type': 'Zur Bestätigung {name} eingeben',
  'date.never': 'nie',
};
