import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type GatewayFile, gatewayFile } from '@zeronaut/model';
import { checkAcross } from './cross-checks.ts';
import { describeIssues } from './describe-issue.ts';
import type { ConfigProblem } from './problem.ts';
import { printOf } from './watch.ts';
import { type Path, parseYaml, type YamlSource } from './yaml-source.ts';

/**
 * `gateway.yaml` and the files that it names, read and checked as one: whoever gets a `Configuration` need not check
 * anything again. Every mistake is reported with its place; nothing is guessed, and nothing unknown is passed over.
 */
export interface Configuration {
  readonly file: GatewayFile;
  /** Absolute; relative paths in the file start from its directory. Empty for a configuration without a file. */
  readonly path: string;
  readonly certificates: readonly { hosts: readonly string[]; certificate: string; key: string }[];
  /** Keys that verify bearer tokens, by resource name. */
  readonly verificationKeys: ReadonlyMap<string, KeyObject>;
  readonly enrolmentToken: string | null;
  /** Everything that was read, absolute, with how it was just before (`printOf`): a change of any of them is a change of the configuration. */
  readonly sources: ReadonlyMap<string, string>;
}

export type Loaded =
  | { readonly ok: true; readonly configuration: Configuration }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_KEY_FILE_BYTES = 1024 * 1024;
const MAX_PROBLEMS = 50;

export async function loadConfiguration(path: string): Promise<Loaded> {
  const absolute = resolve(path);
  let text: string;
  let print: string;
  try {
    const stats = await stat(absolute);
    if (stats.size > MAX_FILE_BYTES) return refuse(path, `expected at most ${MAX_FILE_BYTES} bytes, got ${stats.size}`);
    print = printOf(stats);
    text = await readFile(absolute, 'utf8');
  } catch (error) {
    return refuse(path, `cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
  }
  return parseConfiguration(text, path, absolute, print);
}

/** `shownAs` stands in problems; `absolute` is what relative paths are relative to; `print`: how the file was before it was read. */
export async function parseConfiguration(text: string, shownAs: string, absolute: string, print = ''): Promise<Loaded> {
  if (text.length > MAX_FILE_BYTES) return refuse(shownAs, `expected at most ${MAX_FILE_BYTES} bytes`);
  const source = parseYaml(shownAs, text);
  if (isProblems(source)) return { ok: false, problems: source };
  const parsed = gatewayFile.safeParse(source.value);
  if (!parsed.success) {
    const problems = describeIssues(parsed.error.issues, source.value).map((issue) =>
      issue.key ? source.atKey(issue.path, issue.message) : source.at(issue.path, issue.message),
    );
    return { ok: false, problems: inOrder(problems) };
  }
  return complete(parsed.data, source, absolute, print);
}

/** A configuration that is already a value: `npm start` and tests have no file. */
export async function completeConfiguration(file: GatewayFile, shownAs = 'configuration'): Promise<Loaded> {
  const nowhere = (path: Path, message: string): ConfigProblem => ({
    file: shownAs,
    line: 1,
    column: 1,
    message: `${path.map(String).join('.')}: ${message}`,
  });
  return complete(file, { value: file, at: nowhere, atKey: nowhere }, '', '');
}

async function complete(file: GatewayFile, source: YamlSource, absolute: string, print: string): Promise<Loaded> {
  const problems = checkAcross(file).map((found) => source.at(found.path, found.message));
  const base = absolute === '' ? process.cwd() : dirname(absolute);
  const sources = new Map(absolute === '' ? [] : [[absolute, print]]);
  const read = async (path: Path, name: string): Promise<string | null> => {
    const absoluteName = resolve(base, name);
    try {
      const stats = await stat(absoluteName);
      sources.set(absoluteName, printOf(stats));
      if (stats.size > MAX_KEY_FILE_BYTES) throw new Error('larger than 1 MiB');
      return await readFile(absoluteName, 'utf8');
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      problems.push(source.at(path, `expected a readable file, "${name}": ${why}`));
      return null;
    }
  };

  const certificates: { hosts: readonly string[]; certificate: string; key: string }[] = [];
  for (const [index, entry] of file.certificates.entries()) {
    const certificate = await read(['certificates', index, 'certificateFile'], entry.certificateFile);
    const key = await read(['certificates', index, 'keyFile'], entry.keyFile);
    if (certificate === null || key === null) continue;
    const problem = certificateProblem(certificate, key);
    if (problem !== null) problems.push(source.at(['certificates', index, problem.field], problem.message));
    certificates.push({ hosts: entry.hosts, certificate, key });
  }

  const verificationKeys = new Map<string, KeyObject>();
  for (const [index, resource] of file.resources.entries()) {
    if (typeof resource.access === 'string' || !('verificationKey' in resource.access)) continue;
    const { publicKey, publicKeyFile } = resource.access.verificationKey;
    const field = publicKeyFile === undefined ? 'publicKey' : 'publicKeyFile';
    const path = ['resources', index, 'access', 'verificationKey', field];
    const pem = publicKeyFile === undefined ? (publicKey ?? null) : await read(path, publicKeyFile);
    if (pem === null) continue;
    const key = parsePublicKey(pem);
    if (typeof key === 'string') problems.push(source.at(path, key));
    else verificationKeys.set(resource.name, key);
  }

  let enrolmentToken = file.console?.token ?? null;
  if (enrolmentToken === null && file.console?.tokenFile !== undefined) {
    enrolmentToken = (await read(['console', 'tokenFile'], file.console.tokenFile))?.trim() ?? null;
  }
  if (problems.length > 0) return { ok: false, problems: inOrder(problems) };
  return { ok: true, configuration: { file, path: absolute, certificates, verificationKeys, enrolmentToken, sources } };
}

function certificateProblem(certificate: string, key: string): { field: string; message: string } | null {
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(certificate);
  } catch {
    return { field: 'certificateFile', message: 'expected a certificate in PEM' };
  }
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(key);
  } catch {
    return { field: 'keyFile', message: 'expected a private key in PEM, without a passphrase' };
  }
  if (!parsed.checkPrivateKey(privateKey)) return { field: 'keyFile', message: 'expected the key of this certificate' };
  return null;
}

/** A message instead of a key when it is none that verifies tokens. A private key is refused: it has no business here. */
function parsePublicKey(pem: string): KeyObject | string {
  if (pem.includes('PRIVATE KEY')) return 'expected a public key, got a private one';
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    return 'expected a public key in PEM';
  }
  const type = key.asymmetricKeyType;
  if (type === 'ed25519') return key;
  if (type === 'ec') {
    const curve = key.asymmetricKeyDetails?.namedCurve;
    return curve === 'prime256v1' || curve === 'secp384r1' || curve === 'secp521r1'
      ? key
      : 'expected an EC key on P-256, P-384 or P-521';
  }
  if (type === 'rsa') {
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? key : 'expected an RSA key of at least 2048 bits';
  }
  return `expected an Ed25519, EC or RSA key, got ${type}`;
}

function isProblems(source: YamlSource | readonly ConfigProblem[]): source is readonly ConfigProblem[] {
  return Array.isArray(source);
}

function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column).slice(0, MAX_PROBLEMS);
}

function refuse(file: string, message: string): Loaded {
  return { ok: false, problems: [{ file, line: 1, column: 1, message }] };
}
