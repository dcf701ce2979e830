import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeronaut/testkit';

export interface Answer {
  readonly status: number;
  /** Of the last answer, lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Where redirects ended. */
  readonly url: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Go where a redirect leads, as a browser does. Default false. */
  readonly follow?: boolean;
  readonly extra?: readonly string[];
}

/** Headers of a browser that opens a page. */
const NAVIGATION = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8', 'sec-fetch-mode': 'navigate' };

/**
 * Somebody on the internet: curl with a cookie jar of its own, who trusts our CA and checks every certificate. Two
 * visitors share nothing.
 */
export class Visitor {
  readonly #directory = temporaryDirectory('visitor');
  readonly #certificateAuthority: string;
  #count = 0;

  constructor(certificateAuthorityFile: string) {
    this.#certificateAuthority = certificateAuthorityFile;
  }

  get cookieJar(): string {
    return join(this.#directory, 'cookies');
  }

  /** Cookies as name=value by host, as curl keeps them. */
  cookies(): { host: string; name: string; value: string }[] {
    return readFileSync(this.cookieJar, 'utf8')
      .split('\n')
      .map((line) => line.replace(/^#HttpOnly_/, '').split('\t'))
      .filter((fields) => fields.length === 7)
      .map((fields) => ({ host: fields[0]!, name: fields[5]!, value: fields[6]! }));
  }

  ask(url: string, options: AskOptions = {}): Promise<Answer> {
    const id = ++this.#count;
    const [body, head] = [join(this.#directory, `body-${id}`), join(this.#directory, `head-${id}`)];
    const args = [
      ...['--silent', '--show-error', '--http1.1', '--cacert', this.#certificateAuthority, '--max-time', '60'],
      ...['--cookie', this.cookieJar, '--cookie-jar', this.cookieJar, '--output', body, '--dump-header', head],
      ...['--write-out', '%{http_code} %{url_effective}'],
      ...(options.follow ? ['--location', '--max-redirs', '10'] : []),
      ...(options.method === undefined ? [] : ['--request', options.method]),
      ...Object.entries(options.headers ?? {}).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
      ...Object.entries(options.form ?? {}).flatMap(([name, value]) => ['--data-urlencode', `${name}=${value}`]),
      ...(options.body === undefined ? [] : ['--data-raw', options.body]),
      ...(options.extra ?? []),
      url,
    ];
    return new Promise((resolve, reject) => {
      execFile('curl', args, (error, stdout, stderr) => {
        if (error !== null) {
          reject(new Error(`curl ${url}: ${stderr.trim() || error.message}`, { cause: error }));
          return;
        }
        const space = stdout.indexOf(' ');
        resolve({
          status: Number(stdout.slice(0, space)),
          url: stdout.slice(space + 1),
          headers: lastHead(readFileSync(head, 'latin1')),
          body: existing(body),
        });
      });
    });
  }

  /** Opens a page as a browser does. */
  open(url: string, options: AskOptions = {}): Promise<Answer> {
    return this.ask(url, { follow: true, ...options, headers: { ...NAVIGATION, ...options.headers } });
  }

  /**
   * Opens a page that wants a sign-in, fills in the form that comes, and follows the way back. Fails if the answer to
   * the first step is no form.
   */
  async signIn(url: string, credentials: { email: string; password: string }): Promise<Answer> {
    const page = await this.open(url);
    return this.submit(page, { email: credentials.email, password: credentials.password });
  }

  /** GETs a URL with a range such as `[1-100]` on one connection, and gives the number of answers with status 200. */
  askMany(url: string): Promise<number> {
    const args = [
      ...['--silent', '--show-error', '--fail', '--http1.1', '--cacert', this.#certificateAuthority],
      ...['--cookie', this.cookieJar, '--output', '/dev/null', '--write-out', '%{http_code}\\n', url],
    ];
    return new Promise((resolve, reject) => {
      execFile('curl', args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        if (error !== null) reject(new Error(`curl ${url}: ${stderr.slice(0, 500)}`, { cause: error }));
        else resolve(stdout.split('\n').filter((line) => line === '200').length);
      });
    });
  }

  /**
   * Sends a form of a page with its hidden fields, from the page's own origin, and follows. `action` tells which form, by
   * its path; default: the first that is posted.
   */
  submit(page: Answer, fields: Readonly<Record<string, string>>, action?: string): Promise<Answer> {
    const form = parseForm(page, action);
    return this.open(form.action, {
      form: { ...form.hidden, ...fields },
      headers: { origin: new URL(page.url).origin },
    });
  }
}

function parseForm(page: Answer, wanted?: string): { action: string; hidden: Record<string, string> } {
  const forms = [...page.body.matchAll(/<form\b[^>]*method="post"[^>]*>[\s\S]*?<\/form>/gi)].map(([text]) => ({
    text,
    action: new URL(decodeEntities(/^<form\b[^>]*\baction="([^"]*)"/i.exec(text)?.[1] ?? ''), page.url),
  }));
  const form = forms.find(({ action }) => wanted === undefined || action.pathname === wanted);
  if (form === undefined) {
    throw new Error(`no form ${wanted ?? ''} at ${page.url} (status ${page.status}):\n${page.body}`);
  }
  const hidden: Record<string, string> = {};
  for (const [input] of form.text.matchAll(/<input\b[^>]*type="hidden"[^>]*>/gi)) {
    const name = /\bname="([^"]*)"/.exec(input)?.[1];
    if (name !== undefined) hidden[name] = decodeEntities(/\bvalue="([^"]*)"/.exec(input)?.[1] ?? '');
  }
  return { action: form.action.href, hidden };
}

function decodeEntities(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function lastHead(text: string): Map<string, string> {
  const heads = text.trimEnd().split('\r\n\r\n');
  const lines = (heads.at(-1) ?? '').split('\r\n').slice(1);
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
}

/** curl makes no file for an empty body. */
function existing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
