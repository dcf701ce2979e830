import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { SMTPServer } from 'smtp-server';
import { createMailer, type Mailer } from '../mail/mailer.ts';

export interface CaughtMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came over the line, without soft line breaks. */
  readonly text: string;
}

/** A mail server that keeps what it gets, and our mailer for it. `refuses`: it takes no recipient. */
export async function startMailCatcher(
  t: TestContext,
  options: { refuses?: boolean } = {},
): Promise<{ mailer: Mailer; mails: CaughtMail[] }> {
  const mails: CaughtMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, done) =>
      username === 'zeronaut' && password === 'secret' ? done(null, { user: username }) : done(new Error('no')),
    onRcptTo: (_address, _session, done) => done(options.refuses ? new Error('nobody of that name') : null),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString('utf8').replaceAll('=\r\n', '').replaceAll('=3D', '='),
        });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const url = `smtp://zeronaut:secret@127.0.0.1:${port}`;
  const mailer = createMailer(url, 'console@example.com', pino({ level: 'silent' }));
  t.after(async () => {
    mailer.close();
    await new Promise<void>((resolve) => server.close(resolve));
  });
  return { mailer, mails };
}
