import { html } from './html.ts';
import type { Texts } from './texts.en.ts';

export const texts: Texts = {
  language: 'de',
  languages: 'Sprache',
  services: 'Deine Dienste',
  signedInAs: (email) => html`Angemeldet als <strong>${email}</strong>`,
  request: 'Anfrage',
  signIn: {
    title: 'Anmelden',
    toSee: 'um zu sehen, was du über dieses Gateway erreichst',
    toContinue: (host) => html`um weiterzugehen zu <strong>${host}</strong>`,
    email: 'E-Mail-Adresse',
    password: 'Passwort',
    code: 'Code deiner Authenticator-App oder ein Wiederherstellungscode',
    passkey: 'Mit einem Passkey anmelden',
    noFactor: 'Noch kein zweiter Faktor?',
    setUpApp: 'Eine Authenticator-App einrichten',
  },
  signOut: {
    action: 'Abmelden',
    question: 'Abmelden?',
    text: 'Damit endet deine Sitzung bei allen Diensten, hier und in anderen Tabs.',
    stay: 'Angemeldet bleiben',
    done: 'Abgemeldet',
    doneTitle: 'Du bist abgemeldet',
    doneText: 'Offene Verbindungen deiner Sitzung werden geschlossen.',
    again: 'Neu anmelden',
    other: 'Mit einem anderen Konto anmelden',
    toUseOther: 'Abmelden, um ein anderes Konto zu benutzen',
  },
  refusal: {
    nextInABrowser: {
      'access.not_allowed': 'Wer diesen Dienst betreibt, kann dich einlassen.',
      'access.no_rule': 'Wer diesen Dienst betreibt, kann dich einlassen.',
      'access.snapshot_expired':
        'Bis es sie wieder erreicht, wird niemand eingelassen: Es kann nicht wissen, was sich geändert hat. Du kannst nur warten und es später noch einmal versuchen; an dir oder deinem Browser liegt es nicht. Betreibst du dieses Gateway: Sorge dafür, dass es seine Konsole erreicht, dann öffnet es von selbst.',
      'access.approval_required': 'Es braucht eine Zugriffsanfrage, die jemand anders bewilligt hat.',
    },
    ask: 'Zugriff erbitten',
    open: (host) => `${host} öffnen`,
  },
  home: {
    none: () =>
      html`Noch ist kein Dienst für dich offen. Veröffentliche einen mit <code>zeronaut expose localhost:3000 http</code>, oder bitte die Administration um Zugriff.`,
    web: 'Im Browser',
    ports: 'Ports',
    portsText: (address) =>
      html`Hinter diesen Ports fragt niemand nach einer Anmeldung. Gib die Adresse, von der du kommst, <code>${address}</code>, für eine Weile frei; alle hinter derselben Adresse können sich dann auch verbinden.`,
    openToAll: 'Für alle offen',
    howLong: (name) => `Wie lange ${name} für deine Adresse offen ist`,
    hours: (count) => (count === 1 ? '1 Stunde' : `${count} Stunden`),
    authorise: 'Meine Adresse freigeben',
    authoriseFor: (name) => ` für ${name}`,
    grants: 'Freigegebene Adressen',
    left: (time) => `noch ${time}`,
    revoke: 'Widerrufen',
    revokeOf: (name, address) => `: ${name} für ${address}`,
    authorised: 'Deine Adresse ist freigegeben. Du kannst dich jetzt verbinden.',
    revoked: 'Die Freigabe ist widerrufen, und ihre Verbindungen werden geschlossen.',
  },
  passkeys: {
    title: 'Passkeys',
    text: (email, count) =>
      html`Mit einem Passkey meldest du dich hier ohne Passwort an, auch während die Konsole weg ist. <strong>${email}</strong> hat ${count === 0 ? 'keinen' : count} für diese Seite.`,
    name: 'Name des Passkeys',
    example: 'Mein Telefon',
    add: 'Passkey hinzufügen',
    added: 'Passkey hinzugefügt',
    addedTitle: 'Der Passkey ist hinzugefügt',
    codes:
      'Bewahre deine Wiederherstellungscodes auf. Jeder meldet dich einmal an, wenn der Passkey weg ist. Sie werden nicht nochmals gezeigt.',
  },
};
