/**
 * Checks who may import whom, and prints the reason of the rule that was broken. The rules are data below; the design is
 * docs/architecture.md. It reads the sources as text: type-only imports count like others, because a type is knowledge too.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './npm-packages.mjs';

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly specifier: string;
  readonly reason: string;
}

interface ImportSite {
  readonly specifier: string;
  readonly line: number;
  readonly dynamic: boolean;
}

const PROGRAM_REASON =
  'programs meet only in model: gateway and console through sync, client and console through the API';

/** Which of our packages a package may import, and why not more. */
const PACKAGES: Record<string, { readonly name: string; readonly may: readonly string[]; readonly reason: string }> = {
  model: { name: '@zeronaut/model', may: [], reason: 'model is the vocabulary of all; it depends on none of us' },
  policy: {
    name: '@zeronaut/policy',
    may: ['@zeronaut/model'],
    reason: 'policy is pure: it decides from the values of model and nothing else',
  },
  passkeys: {
    name: '@zeronaut/passkeys',
    may: ['@zeronaut/model'],
    reason: 'passkeys is pure: it says what an assertion proves, to console and gateway alike',
  },
  audit: {
    name: '@zeronaut/audit',
    may: [],
    reason: 'audit proves with nothing but the log itself: who verifies must not need the product',
  },
  tunnel: {
    name: '@zeronaut/tunnel',
    may: ['@zeronaut/model'],
    reason: 'tunnel moves bytes between two of our programs and knows nothing of the product',
  },
  gateway: {
    name: '@zeronaut/gateway',
    may: [
      '@zeronaut/model',
      '@zeronaut/policy',
      '@zeronaut/policy/countries',
      '@zeronaut/model/reason-texts',
      '@zeronaut/audit',
      '@zeronaut/passkeys',
      '@zeronaut/tunnel',
    ],
    reason: PROGRAM_REASON,
  },
  console: {
    name: '@zeronaut/console',
    may: [
      '@zeronaut/model',
      '@zeronaut/model/reason-texts',
      '@zeronaut/policy',
      '@zeronaut/policy/authoring',
      '@zeronaut/policy/countries',
      '@zeronaut/audit',
      '@zeronaut/passkeys',
    ],
    reason: PROGRAM_REASON,
  },
  client: {
    name: 'zeronaut',
    may: [
      '@zeronaut/model',
      '@zeronaut/model/decision-class',
      '@zeronaut/model/log-levels',
      '@zeronaut/policy',
      '@zeronaut/audit',
      '@zeronaut/tunnel',
      '@zeronaut/tunnel/wireguard',
      '@zeronaut/policy/authoring',
    ],
    reason: PROGRAM_REASON,
  },
  web: {
    name: '@zeronaut/web',
    may: [
      '@zeronaut/model',
      '@zeronaut/model/decision-class',
      '@zeronaut/model/reasons.de',
      '@zeronaut/audit',
      '@zeronaut/passkeys',
      '@zeronaut/policy',
    ],
    reason: 'the web console runs in a browser and meets the console only in its API, whose routes are in model',
  },
  testkit: {
    name: '@zeronaut/testkit',
    may: ['@zeronaut/model', '@zeronaut/tunnel'],
    reason: 'testkit serves the tests of every package, so it may know only what they all share',
  },
};

/** The client starts the programs, and touches them only when it does. */
const CLIENT_MAY_LOAD = ['@zeronaut/gateway/main', '@zeronaut/console/main'];
const CLIENT_LOAD_REASON =
  'the client starts gateway and console through their main by dynamic import, so that other commands never load them';

/** Rooms of the gateway: they never import each other. */
const GATEWAY_ROOMS = [
  'http',
  'listeners',
  'router',
  'access',
  'limits',
  'balancer',
  'targets',
  'raw',
  'tunnels',
  'snapshot',
  'sync',
  'observe',
  'config',
  'management',
];
/** What every room may import beside itself: the seams. */
const GATEWAY_SEAMS = [
  'flow.ts',
  'tables.ts',
  'rooms.ts',
  'turns.ts',
  'json-pieces.ts',
  'language.ts',
  'http/request-head.ts',
  'source-of.ts',
  'attempt-limiter.ts',
  'bounded-map.ts',
];
/** Further doors between two rooms, each with its reason. `file` and `into` are paths inside packages/gateway/src. */
const GATEWAY_DOORS: readonly { readonly file: string; readonly into: string; readonly reason: string }[] = [
  { file: 'targets/upstream-pool.ts', into: 'http/', reason: 'kept connections to HTTP targets are read by the codec' },
  {
    file: 'balancer/health-probe.ts',
    into: 'http/',
    reason: 'a health check is as strict with an answer as a visitor is',
  },
];
/** Files that put rooms together. */
const GATEWAY_COMPOSERS = ['pipeline.ts', 'data-path.ts', 'console-link.ts', 'gateway.ts', 'main.ts'];
const ROOM_REASON =
  'rooms of the gateway meet through rooms.ts, flow.ts and tables.ts; pipeline.ts and main.ts hand them to one another';

/** Layers of the web console, from the one that knows all to the one that knows none of the others. */
const WEB_LAYERS = ['app', 'features', 'ui', 'base'];
const WEB_REASON = 'imports of the web go one way: app, features, ui, base; a feature never imports another one';

const IMPORT_PATTERNS: readonly { readonly pattern: RegExp; readonly dynamic: boolean }[] = [
  { pattern: /^\s*(?:import|export)\b[^'"`;()]*?\bfrom\s*(['"])([^'"\n]+)\1/gm, dynamic: false },
  { pattern: /^\s*import\s*(['"])([^'"\n]+)\1/gm, dynamic: false },
  { pattern: /\bimport\(\s*(['"])([^'"\n]+)\1/g, dynamic: true },
  // How workers are named.
  { pattern: /\bnew URL\(\s*(['"])(\.[^'"\n]+\.ts)\1\s*,\s*import\.meta\.url/g, dynamic: true },
];

/** Every import of a source text. Comments are blanked first, keeping line numbers. */
export function findImports(source: string): ImportSite[] {
  const text = source
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/^\s*\/\/.*$/gm, (comment) => ' '.repeat(comment.length));
  const sites: ImportSite[] = [];
  for (const { pattern, dynamic } of IMPORT_PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      const at = match.index + match[0].length;
      sites.push({ specifier: match[2]!, line: text.slice(0, at).split('\n').length, dynamic });
    }
  }
  return sites.sort((a, b) => a.line - b.line);
}

/** `file` is a path from the root of the repository, with forward slashes. */
export function checkFile(file: string, source: string): Violation[] {
  const violations: Violation[] = [];
  const test = /\.(?:test|suite)\.tsx?$/.test(file) || file.includes('/testdata/');
  const [top, packageName] = file.split('/') as [string, string];
  const own = top === 'packages' ? PACKAGES[packageName] : undefined;
  if (top === 'packages' && own === undefined) {
    return [{ file, line: 1, specifier: packageName, reason: 'a new package needs a row in scripts/check-imports.ts' }];
  }
  for (const site of findImports(source)) {
    const reason = own === undefined ? null : brokenRule(file, packageName, own, site, test);
    if (reason !== null) violations.push({ file, line: site.line, specifier: site.specifier, reason });
  }
  if (own !== undefined && !test) {
    const computed = /\bimport\(\s*(?!['"])[^)\s]/.exec(source.replace(/^\s*(?:\/\/|\*).*$/gm, ''));
    if (computed !== null) {
      const line = source.slice(0, source.indexOf(computed[0])).split('\n').length;
      violations.push({ file, line, specifier: computed[0], reason: 'a computed import cannot be checked' });
    }
  }
  return violations;
}

function brokenRule(
  file: string,
  packageName: string,
  own: { readonly name: string; readonly may: readonly string[]; readonly reason: string },
  site: ImportSite,
  test: boolean,
): string | null {
  const { specifier } = site;
  if (specifier.startsWith('.')) {
    const target = normalize(join(dirname(file), specifier));
    if (!target.startsWith(`packages/${packageName}/`)) {
      return 'another package is imported by its name, never by a path: its exports are its contract';
    }
    if (!test && /\.(?:test|suite)\.ts$/.test(target)) return 'shipped code never imports a test';
    if (packageName === 'web') return brokenLayer(file, target);
    return packageName === 'gateway' && !test ? brokenRoom(file, target) : null;
  }
  if (packageName === 'web' && !test && file.includes('/src/') && specifier.startsWith('node:')) {
    return 'the web console runs in a browser';
  }
  const imported = Object.values(PACKAGES).find(
    ({ name }) => specifier === name || specifier.startsWith(`${name}/`),
  )?.name;
  if (imported === undefined) return null;
  if (imported === '@zeronaut/testkit') {
    return test || packageName === 'testkit' ? null : 'testkit is development only: shipped code never imports it';
  }
  if (imported === own.name) return 'a package imports its own files by path';
  if (packageName === 'client' && CLIENT_MAY_LOAD.includes(specifier)) return site.dynamic ? null : CLIENT_LOAD_REASON;
  // What templates say is known there: a test compares what we say of them in other languages.
  if (packageName === 'web' && test && specifier === '@zeronaut/policy/authoring') return null;
  if (own.may.includes(specifier)) return null;
  if (own.may.includes(imported)) return `only the index of ${imported} is public`;
  return packageName === 'client' && imported.startsWith('@zeronaut/') && specifier !== imported
    ? CLIENT_LOAD_REASON
    : own.reason;
}

function brokenRoom(file: string, target: string): string | null {
  const from = file.replace('packages/gateway/src/', '');
  const into = target.replace('packages/gateway/src/', '');
  if (GATEWAY_COMPOSERS.includes(from) || GATEWAY_SEAMS.includes(into)) return null;
  const fromRoom = from.includes('/') ? from.split('/')[0]! : null;
  const intoRoom = into.includes('/') ? into.split('/')[0]! : null;
  if (fromRoom !== null && !GATEWAY_ROOMS.includes(fromRoom)) {
    return `${fromRoom}/ is no room of the gateway: add it to GATEWAY_ROOMS in scripts/check-imports.ts`;
  }
  if (GATEWAY_COMPOSERS.includes(into)) return 'only main.ts imports what composes the rooms';
  if (intoRoom === null || intoRoom === fromRoom) return null;
  if (GATEWAY_DOORS.some((door) => from.startsWith(door.file) && into.startsWith(door.into))) return null;
  return ROOM_REASON;
}

function brokenLayer(file: string, target: string): string | null {
  const [from, into] = [file, target].map((path) => /^packages\/web\/src\/([^/]+)\/([^/]+)/.exec(path));
  // main.tsx puts the layers together, and build/ is no part of the program.
  if (from === null || from === undefined || into === null || into === undefined) return null;
  const [fromLayer, intoLayer] = [WEB_LAYERS.indexOf(from[1]!), WEB_LAYERS.indexOf(into[1]!)];
  if (fromLayer === -1 || intoLayer === -1) {
    return `${fromLayer === -1 ? from[1] : into[1]}/ is no layer of the web: add it to WEB_LAYERS in scripts/check-imports.ts`;
  }
  const isOtherFeature = from[1] === 'features' && into[1] === 'features' && from[2] !== into[2];
  return intoLayer < fromLayer || isOtherFeature ? WEB_REASON : null;
}

export function checkTree(root: string = ROOT): Violation[] {
  const files = globSync('packages/*/{src,bin,build}/**/*.{ts,tsx}', {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  }).sort();
  return files.flatMap((file) => checkFile(file, readFileSync(join(root, file), 'utf8')));
}

if (import.meta.url === pathToFileURL(process.argv[1]!).href) {
  const violations = checkTree();
  for (const { file, line, specifier, reason } of violations) {
    process.stdout.write(`${file}:${line}  ${specifier}\n    ${reason}\n`);
  }
  if (violations.length > 0) process.stdout.write(`${violations.length} import rule(s) broken\n`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
