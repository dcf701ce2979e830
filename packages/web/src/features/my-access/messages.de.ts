import type { Translation } from '../../base/messages.ts';
import type { messages as english } from './messages.en.ts';

export const messages: Translation<typeof english> = {
  title: 'Mein Zugriff',
  subtitle: 'Was du bei {name} öffnen kannst.',
  ask: 'Zugriff erbitten',
  search: 'Suchen, was ich erreiche',
  noMatch: 'Nichts heisst so.',
  'empty.title': 'Noch ist nichts für dich offen',
  'empty.text': 'Sobald dich eine Regel, eine Richtlinie oder eine bewilligte Anfrage einlässt, erscheint es hier.',
  newWindow: 'öffnet ein neues Fenster',
  site: 'Standort',
  'site.text': 'Mit zeronaut forward auf deinem Rechner.',
  noGateway: 'Noch bedient kein Gateway es.',
  address: 'Adresse von {name}',
  depends: 'Hängt von Gerät, Zeit oder Ort ab',
  requests: 'Meine Anfragen',
  'requests.all': 'Alle Anfragen',
  'requests.decide': { one: '{count} zu entscheiden', other: '{count} zu entscheiden' },
  'requests.none': 'Du hast noch nichts erbeten.',
  'request.pending': 'Wartet',
  'request.approved': 'Bewilligt',
  'request.refused': 'Abgelehnt',
  'request.cancelled': 'Zurückgezogen',
  'request.expired': 'Verfallen',
  'request.ended': 'Vorbei',
  'signIn.title': 'Anmeldung und Geräte',
  'factors.change': 'Ändern',
  'factors.none':
    'Noch kein Passkey und keine Authenticator-App. Mit einem davon öffnet ein gestohlenes Passwort allein nichts.',
  'sessions.none': 'Du hast keine offene Sitzung.',
  'devices.none': 'Noch kein Gerät. zeronaut login nimmt den Rechner auf, auf dem du es ausführst.',
  addresses: 'Freigegebene Adressen',
  'addresses.text':
    'Für rohe Ports gibst du die Adresse frei, von der du kommst, am Portal eines Gateways und auf Zeit.',
  'addresses.none': 'Noch kein Gateway.',
};
