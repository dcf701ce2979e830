/** In a file without schemas, and with a door of its own: the web console and the help of the command line need no zod for it. */

/** Levels of a gateway's log that somebody can look at, the most talkative first. */
export const LOG_LEVELS = ['info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Lines that a gateway, and the console, keep of a log. */
export const LOG_KEPT_LINES = 500;
