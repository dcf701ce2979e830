/** What scripts may rely on. Printed by `zeronaut --help`. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notSignedIn: 3,
  refused: 4,
  notFound: 5,
  conflict: 6,
  consoleUnreachable: 7,
  gatewayUnreachable: 8,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANING: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'done',
  failed: 'failed',
  usage: 'the command line or a file is not valid',
  notSignedIn: 'not signed in, or the session has ended',
  refused: 'refused by policy or permission',
  notFound: 'no such thing',
  conflict: 'it exists already, or somebody else changed it',
  consoleUnreachable: 'the console cannot be reached',
  gatewayUnreachable: 'no gateway can be reached',
};
