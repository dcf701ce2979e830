import type { Language, Reason } from '@zeronaut/model';
import { type Html, html } from './html.ts';

/** What the gateway's own pages say. Other languages have the same texts; the compiler checks it. */
export const texts = {
  language: 'en' as Language,
  languages: 'Language',
  services: 'Your services',
  signedInAs: (email: string): Html => html`Signed in as <strong>${email}</strong>`,
  request: 'Request',
  signIn: {
    title: 'Sign in',
    toSee: 'to see what you may reach through this gateway',
    toContinue: (host: string): Html => html`to continue to <strong>${host}</strong>`,
    email: 'E-mail',
    password: 'Password',
    code: 'Code of your authenticator app, or a recovery code',
    passkey: 'Sign in with a passkey',
    noFactor: 'No second factor yet?',
    setUpApp: 'Set up an authenticator app',
  },
  signOut: {
    action: 'Sign out',
    question: 'Sign out?',
    text: 'This ends your session for every service, here and in other tabs.',
    stay: 'Stay signed in',
    done: 'Signed out',
    doneTitle: 'You are signed out',
    doneText: 'Open connections of your session are being closed.',
    again: 'Sign in again',
    other: 'Use another account',
    toUseOther: 'Sign out to use another account',
  },
  refusal: {
    /** What to do next, in place of the command that the reason names: visitors have a browser. */
    nextInABrowser: {
      'access.not_allowed': 'Whoever runs this service can let you in.',
      'access.no_rule': 'Whoever runs this service can let you in.',
      'access.snapshot_expired':
        'Nobody is let in until it reaches it again: it cannot know what has changed. You can only wait and try again; nothing is wrong with you or your browser. If you run this gateway: see that it reaches its console, it then opens by itself.',
      'access.approval_required': 'It takes a request for access that somebody else has approved.',
    } satisfies Partial<Record<Reason, string>>,
    ask: 'Ask for access',
    open: (host: string): string => `Open ${host}`,
  },
  home: {
    none: (): Html =>
      html`No service is open to you yet. Publish one with <code>zeronaut expose localhost:3000 http</code>, or ask an administrator for access.`,
    web: 'Web',
    ports: 'Ports',
    portsText: (address: string): Html =>
      html`Ports have no sign-in of their own. Authorise the address that you come from, <code>${address}</code>, for a while; everybody behind the same address can then connect, too.`,
    openToAll: 'Open to everybody',
    howLong: (name: string): string => `For how long ${name} is open to your address`,
    hours: (count: number): string => (count === 1 ? '1 hour' : `${count} hours`),
    authorise: 'Authorise my address',
    /** Behind `authorise`, for those who hear the page. */
    authoriseFor: (name: string): string => ` for ${name}`,
    grants: 'Authorised addresses',
    left: (time: string): string => `${time} left`,
    revoke: 'Revoke',
    revokeOf: (name: string, address: string): string => ` ${name} for ${address}`,
    authorised: 'Your address is authorised. You can connect now.',
    revoked: 'The authorisation was revoked, and its connections are being closed.',
  },
  passkeys: {
    title: 'Passkeys',
    text: (email: string, count: number): Html =>
      html`With one you sign in here without a password, also while the console is away. <strong>${email}</strong> has ${count === 0 ? 'none' : count} for this page.`,
    name: 'Name of the passkey',
    example: 'My telephone',
    add: 'Add a passkey',
    added: 'Passkey added',
    addedTitle: 'The passkey is added',
    codes: 'Keep your recovery codes. Each signs you in once when the passkey is gone. They are not shown again.',
  },
};

export type Texts = typeof texts;
