import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resourcesFile } from '@zeronaut/model';
import { CliError } from '../cli-error.ts';
import { agentFile, createAgentWishes } from './agent-file.ts';
import { parseYaml } from './yaml-file.ts';

function mistakes(text: string, schema: typeof agentFile | typeof resourcesFile = agentFile): readonly string[] {
  try {
    parseYaml(text, 'f.yaml', schema);
  } catch (error) {
    assert.ok(error instanceof CliError);
    assert.equal(error.exitCode, 2);
    return error.details;
  }
  return [];
}

describe('mistakes are named with their place', () => {
  const cases: [string, string, RegExp][] = [
    [
      'an unknown key',
      'exposes:\n  - target: 1\n    protocol: tcp\n    prot: x\n',
      /^f\.yaml:4:5: exposes\.0: "prot" is not known here$/,
    ],
    [
      'a missing key',
      'exposes:\n  - target: 1\n',
      /^f\.yaml:2:5: exposes\.0\.protocol: expected "http", "https", "tcp", "udp"$/,
    ],
    ['a wrong type', 'exposes: 1\n', /^f\.yaml:1:10: exposes: expected array$/],
    [
      'a wrong choice',
      'exposes:\n  - { target: 1, protocol: ftp }\n',
      /^f\.yaml:2:28: exposes\.0\.protocol: expected "http"/,
    ],
    [
      'a pattern',
      'sites:\n  - name: Up\n    destinations: [a:1]\n',
      /^f\.yaml:2:11: sites\.0\.name: expected lower-case/,
    ],
    [
      'a refinement',
      'sites:\n  - name: a\n    destinations: [nope]\n',
      /^f\.yaml:3:20: sites\.0\.destinations\.0: expected host:port/,
    ],
    ['an empty list', 'sites:\n  - name: a\n    destinations: []\n', /^f\.yaml:3:19: .*expected at least 1 entries$/],
    ['broken YAML', 'exposes: [1\n', /^f\.yaml:\d+:\d+: /],
    ['a key twice', 'version: 1\nversion: 1\n', /^f\.yaml:2:1: Map keys must be unique/],
    ['an empty file', '', /^f\.yaml:1:1: expected object/],
    ['nothing to do', 'version: 1\n', /^f\.yaml:1:1: expected at least one entry/],
  ];
  for (const [name, text, expected] of cases) {
    it(name, () => {
      const [first] = mistakes(text);
      assert.match(first ?? '', expected);
    });
  }

  it('all of them, up to a bound', () => {
    const text = `resources:\n${'  - { name: X, targets: [] }\n'.repeat(30)}`;
    const found = mistakes(text, resourcesFile);
    assert.equal(found.length, 21);
    assert.equal(found.at(-1), 'and 40 more');
  });

  it('aliases that would explode are refused', () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}*l${i}]`);
    const [first] = mistakes(`l0: &l0 [x]\n${levels.join('\n')}\n`);
    assert.match(first ?? '', /alias/i);
  });
});

it('reads JSON just as well', () => {
  const file = parseYaml('{"exposes":[{"target":"localhost:1","protocol":"udp"}]}', 'f.json', agentFile);
  assert.equal(file.exposes[0]!.protocol, 'udp');
});

describe('wishes of an agent.yaml', () => {
  it('are those of the command line', () => {
    const file = parseYaml(
      `exposes:
  - { target: 3000, protocol: https, name: shop, allow: ["group:dev"], allowIp: ["192.0.2.0/24"], basic: [{ username: bob, passwordEnvironment: PW }] }
  - { target: "unix:/run/s", protocol: tcp, port: 20022, proxyProtocol: v2 }
sites:
  - { name: office, destinations: ["db.corp:5432"] }
  - { name: lab, destinations: ["*:22"], allow: ["role:owner"] }
resources:
  - { name: wiki, targets: ["10.0.0.1:80"] }
discover: true
`,
      'f.yaml',
      agentFile,
    );
    const login = { mode: 'login', allow: [], addresses: [], basic: [], tokens: null };
    assert.deepEqual(createAgentWishes(file, { PW: 'secret' }), {
      exposes: [
        {
          name: 'shop',
          protocol: 'http',
          address: 'localhost:3000',
          targetProtocol: 'https',
          port: undefined,
          access: {
            ...login,
            allow: ['group:dev'],
            addresses: ['192.0.2.0/24'],
            basic: [{ username: 'bob', password: 'secret' }],
          },
          proxyProtocol: 'none',
        },
        {
          name: undefined,
          protocol: 'tcp',
          address: 'unix:/run/s',
          targetProtocol: 'tcp',
          port: 20_022,
          access: login,
          proxyProtocol: 'v2',
        },
      ],
      sites: [
        { name: 'office', destinations: ['db.corp:5432'] },
        { name: 'lab', destinations: ['*:22'], access: { ...login, allow: ['role:owner'] } },
      ],
      resources: [{ name: 'wiki', targets: ['10.0.0.1:80'], protocol: 'tcp' }],
      discover: 'report',
    });
    assert.throws(() => createAgentWishes(file, {}), { exitCode: 2, message: /PW is not set/ });
  });
});
