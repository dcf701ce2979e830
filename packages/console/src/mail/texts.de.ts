import type { Texts } from './texts.en.ts';

export const texts: Texts = {
  news: {
    test: 'Zeronaut: eine Testnachricht. So werden Alarme kommen.',
    raised: (count) => `neue Alarme: ${count}`,
    mended: (count) => `behoben: ${count}`,
    waiting: (count) => `wartet auf Entscheidung: ${count}`,
    decided: (count) => `entschieden: ${count}`,
    more: (count) => `und ${count} weitere`,
  },
  invitation: ({ organization, url, until }) => ({
    subject: 'Deine Einladung zu Zeronaut',
    text: `Du bist zu ${organization} eingeladen.

Öffne diesen Link, um ein Passwort zu wählen. Er gilt einmal, bis ${until}:

${url}

Hast du das nicht erwartet, tu nichts: ohne den Link kann niemand unter deiner Adresse beitreten.
`,
  }),
  magicLink: ({ url }) => ({
    subject: 'Dein Link zur Anmeldung bei Zeronaut',
    text: `Öffne diesen Link innerhalb von zehn Minuten in dem Browser, in dem du ihn verlangt hast. Er gilt einmal:

${url}

Hast du ihn nicht verlangt, tu nichts: in keinem anderen Browser öffnet er etwas.
`,
  }),
  accessRequest: ({ email, kind, object, minutes, url, until }) => ({
    subject: `Zugang zu ${object} erbeten`,
    text: `${email} bittet um Zugang zu ${kind === 'site' ? 'dem Standort' : 'der Ressource'} ${object}, für ${minutes} Minuten.

Ansehen, bewilligen oder ablehnen kannst du das auf der Seite der Anfragen:

${url}

Niemand muss antworten: die Anfrage verfällt ${until}.
`,
  }),
};
