import type { Translation } from '../../base/messages.ts';
import type { messages as english } from './messages.en.ts';

export const messages: Translation<typeof english> = {
  title: 'Erste Schritte',
  subtitle: 'Von nichts zu einem Dienst, den Menschen erreichen. Jeder Schritt wird abgehakt, sobald er getan ist.',
  done: 'Erledigt',
  next: 'Jetzt',
  later: 'Später',
  'owner.title': 'Inhaberin oder Inhaber anlegen',
  'owner.text': '{name} verwaltet diese Organisation.',
  'gateway.title': 'Ein Gateway haben',
  'gateway.text':
    'Es nimmt Besucher und Agenten an. npm start betreibt schon eines auf diesem Rechner; nimm es auf einem anderen Rechner auf.',
  'gateway.done': '{name} ist verbunden und bedient {domain}.',
  'gateway.enrol': 'Gateway aufnehmen',
  'service.title': 'Einen Dienst veröffentlichen',
  'service.text':
    'Auf dem Rechner dieser Konsole, der keine Anmeldung braucht, im Verzeichnis von Zeronaut: anderswo fragte npx ein öffentliches Verzeichnis nach dem Programm. Setze die Adresse deines Dienstes an die Stelle von localhost:3000.',
  'service.here':
    'Auf dem Rechner dieser Konsole, der keine Anmeldung braucht, als der Benutzer, unter dem sie läuft. Setze die Adresse deines Dienstes an die Stelle von localhost:3000.',
  'service.other':
    'Ein Dienst auf einem anderen Rechner wird dort veröffentlicht, mit demselben Befehl. Jener Rechner meldet sich einmal an:',
  'service.login': 'Befehl, der einen Rechner anmeldet',
  'service.expose': 'Befehl, der einen Dienst veröffentlicht',
  'service.done': { one: '{names} ist veröffentlicht.', other: '{names} sind veröffentlicht.' },
  'visit.title': 'Ihn öffnen',
  'visit.text': 'Öffne die Adresse. Du meldest dich zuerst an, wie alle Besucher.',
  'visit.trust':
    'Dein Browser warnt vor dem Zertifikat, bis er der Zertifizierungsstelle dieser Konsole traut. Speichere ihr Zertifikat, und füge es in den Einstellungen des Browsers den Zertifizierungsstellen hinzu.',
  'visit.save': 'Zertifikat speichern',
  'visit.done': 'Die erste Anfrage wurde eingelassen.',
  'visit.denied': 'Eine Anfrage kam und wurde abgewiesen: {reason}.',
  'all.title': 'Alles läuft',
  'all.text': 'Veröffentliche weitere auf dieselbe Weise, oder lege Ressourcen an, die das Gateway selbst erreicht.',
  'all.overview': 'Zur Übersicht',
};
