import { createTransport } from 'nodemailer';
import type { Logger } from 'pino';

/** The operator's mail server. Text only: no page of ours is worth teaching people to click in colourful mails. */
export interface Mailer {
  /** True when the server took it. Never rejects; failures are in the log, without the text, which may hold a link. */
  send(message: { readonly to: string; readonly subject: string; readonly text: string }): Promise<boolean>;
  close(): void;
}

/** Connecting, and each answer of the server. */
const SMTP_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 2;

/** `url`: `smtp://user:password@host:587` or `smtps://…`. Passwords and links go over TLS alone, except on this machine. */
export function createMailer(url: string, from: string, log: Logger): Mailer {
  const { hostname } = new URL(url);
  const transport = createTransport(
    {
      url,
      pool: true,
      maxConnections: MAX_CONNECTIONS,
      requireTLS: !['localhost', '127.0.0.1', '[::1]'].includes(hostname),
      connectionTimeout: SMTP_TIMEOUT_MS,
      greetingTimeout: SMTP_TIMEOUT_MS,
      socketTimeout: SMTP_TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  );
  return {
    async send({ to, subject, text }) {
      try {
        await transport.sendMail({
          // As an object, so that nothing in it can be read as a second address.
          to: { name: '', address: to },
          subject,
          text,
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
        return true;
      } catch (error) {
        log.warn({ err: error, to }, 'a mail could not be sent');
        return false;
      }
    },
    close: () => transport.close(),
  };
}
