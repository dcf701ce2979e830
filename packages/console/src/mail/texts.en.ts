/**
 * What the console writes to people: mails, and messages of what is wrong or waits. Other languages have the same texts; the compiler checks
 * it. Everything that is put in is text, whoever wrote it.
 */

interface Mail {
  readonly subject: string;
  readonly text: string;
}

export const texts = {
  news: {
    test: 'Zeronaut: a test message. Alarms will come like this.',
    raised: (count: number) => `new alarms: ${count}`,
    mended: (count: number) => `mended: ${count}`,
    waiting: (count: number) => `waiting for a decision: ${count}`,
    decided: (count: number) => `decided: ${count}`,
    more: (count: number) => `and ${count} more`,
  },
  invitation: ({ organization, url, until }: { organization: string; url: string; until: string }): Mail => ({
    subject: 'Your invitation to Zeronaut',
    text: `You are invited to join ${organization}.

Open this link to choose a password. It works once, until ${until}:

${url}

If you did not expect this, do nothing: without the link nobody can join under your address.
`,
  }),
  magicLink: ({ url }: { url: string }): Mail => ({
    subject: 'Your link to sign in to Zeronaut',
    text: `Open this link in the browser in which you asked for it, within ten minutes. It works once:

${url}

If you did not ask for it, do nothing: it opens nothing in any other browser.
`,
  }),
  accessRequest: (asked: {
    readonly email: string;
    readonly kind: 'resource' | 'site';
    readonly object: string;
    readonly minutes: number;
    readonly url: string;
    readonly until: string;
  }): Mail => ({
    subject: `Access to ${asked.object} is asked for`,
    text: `${asked.email} asks for access to the ${asked.kind} ${asked.object}, for ${asked.minutes} minutes.

Look at it, and approve or refuse it, on the page of requests:

${asked.url}

Nobody has to answer: it lapses at ${asked.until}.
`,
  }),
};

export type Texts = typeof texts;
