import type { Translation } from '../../base/messages.ts';
import type { messages as english } from './messages.en.ts';

export const messages: Translation<typeof english> = {
  title: 'Sitzungen',
  subtitle: 'Wo Menschen gerade angemeldet sind.',
  'column.who': 'Wer',
  'column.kind': 'Wofür',
  'column.address': 'Adresse',
  'column.since': 'Seit',
  'column.until': 'Bis',
  'kind.console': 'Konsole',
  'kind.portal': 'Dienste',
  'kind.cli': 'Befehlszeile',
  'program.unknown': 'unbekanntes Programm',
  this: 'Diese',
  device: 'an einen Rechner gebunden',
  end: 'Beenden',
  'end.title': 'Diese Sitzung von {name} beenden?',
  'end.text': 'Wer sie benutzt, ist sofort abgemeldet, und was unter ihr offen ist, wird getrennt.',
  'empty.title': 'Niemand ist angemeldet',
  'empty.text': 'Du handelst mit einem Schlüssel. Sobald sich jemand anmeldet, steht die Sitzung hier.',
  'empty.users': 'Personen',
};
