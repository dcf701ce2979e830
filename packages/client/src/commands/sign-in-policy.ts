import { readFileSync } from 'node:fs';
import type { SignInPolicy } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import { unreadableFile } from '../cli-error.ts';
import { formatDurationSeconds } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  outputOf,
  parseDuration,
  parseList,
  parseRepeated,
} from './command-line.ts';

interface PolicyOptions extends CommonOptions {
  readonly secondFactor?: SignInPolicy['secondFactor'];
  readonly providers?: 'trusted' | 'first_factor';
  readonly providerAge?: number | 'any';
  readonly magicLinks?: 'on' | 'off';
  readonly fresh?: number;
  readonly consoleSession?: number;
  readonly consoleIdle?: number;
  readonly portalSession?: number;
  readonly cliSession?: number;
  readonly cliIdle?: number;
  readonly passkeys?: SignInPolicy['passkeyAttestation'];
  readonly root?: string[];
  readonly model?: string[];
  readonly anyModel?: boolean;
}

const LIVES = [
  { key: 'consoleSession', title: 'Console session' },
  { key: 'consoleIdle', title: '  unused' },
  { key: 'portalSession', title: 'Portal session' },
  { key: 'cliSession', title: 'Command line' },
  { key: 'cliIdle', title: '  unused' },
] as const;

export function signInPolicyCommand(line: CommandLine): Command {
  return createCommand('sign-in-policy', {
    summary: 'show or change what the organization asks of a sign-in',
    description:
      'With --passkeys verified a new passkey has to be vouched for by its maker, under a certificate that you give with --root; ' +
      '--model names the only models that are taken (AAGUIDs). Passkeys that people have already stay; users factors lists them.',
    examples: [
      'users sign-in-policy',
      'users sign-in-policy --second-factor required',
      'users sign-in-policy --passkeys verified --root maker.pem --model cb69481e-8ff7-4039-93ec-0a2729a154a8',
      'users sign-in-policy --cli-session 7d --cli-idle 2d --console-idle 1h',
      'users sign-in-policy --passkeys none --json',
    ],
  })
    .addOption(new Option('--second-factor <of>', 'of whom').choices(['if_enrolled', 'required']))
    .addOption(new Option('--providers <word>', "an identity provider's word").choices(['trusted', 'first_factor']))
    .addOption(
      new Option('--provider-age <time>', 'how old a sign-in there may be, or any').argParser((text) =>
        text === 'any' ? text : parseDuration(text),
      ),
    )
    .addOption(new Option('--magic-links <state>', 'links by mail in the place of passwords').choices(['on', 'off']))
    .option('--fresh <time>', 'how long a factor counts as just shown', parseDuration)
    .option('--console-session <time>', 'how long a session of the console lasts', parseDuration)
    .option('--console-idle <time>', 'how long it may go unused', parseDuration)
    .option('--portal-session <time>', "how long a session at a gateway's portal lasts", parseDuration)
    .option('--cli-session <time>', 'how long a session of the command line lasts', parseDuration)
    .option('--cli-idle <time>', 'how long it may go unused', parseDuration)
    .addOption(new Option('--passkeys <makers>', 'whose word a new one needs').choices(['none', 'verified']))
    .option('--root <file>', 'PEM of makers; in the place of all before (repeat)', parseRepeated)
    .option('--model <aaguids>', 'exactly these models', parseList)
    .addOption(new Option('--any-model', 'all models that a root vouches for').conflicts('model'))
    .action(async (options: PolicyOptions) => {
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const { version, ...current } = await api.call('signInPolicy.get', {});
      const { secondFactor, providers, providerAge, magicLinks, fresh, passkeys, root, model, anyModel } = options;
      const lives = LIVES.flatMap(({ key }) => (options[key] === undefined ? [] : [[`${key}Seconds`, options[key]]]));
      const change = {
        ...(secondFactor === undefined ? {} : { secondFactor }),
        ...(providers === undefined ? {} : { trustProviders: providers === 'trusted' }),
        ...(providerAge === undefined ? {} : { providerMaxAgeSeconds: providerAge === 'any' ? null : providerAge }),
        ...(magicLinks === undefined ? {} : { magicLinks: magicLinks === 'on' }),
        ...(fresh === undefined ? {} : { factorMaxAgeSeconds: fresh }),
        ...Object.fromEntries(lives),
        ...(passkeys === undefined ? {} : { passkeyAttestation: passkeys }),
        ...(root === undefined ? {} : { passkeyRoots: root.map(readText).join('\n') }),
        ...(model === undefined ? {} : { passkeyModels: model.map((text) => text.toLowerCase()) }),
        ...(anyModel ? { passkeyModels: [] } : {}),
      };
      const policy =
        Object.keys(change).length === 0
          ? { ...current, version }
          : await api.call('signInPolicy.update', { body: { ...current, ...change } }, { ifMatch: `"${version}"` });
      output.document(policy);
      show(output, policy);
    });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadableFile(path, error);
  }
}

function show(output: Output, policy: SignInPolicy): void {
  const makers = policy.passkeyRoots.split('-----BEGIN CERTIFICATE-----').length - 1;
  const models = policy.passkeyModels.length === 0 ? 'any model' : policy.passkeyModels.join(' ');
  output.line(`Second factor       ${policy.secondFactor === 'required' ? 'of everybody' : 'of whoever has one'}`);
  output.line(`Identity providers  ${policy.trustProviders ? 'count as both factors' : 'are a first factor'}`);
  const age = policy.providerMaxAgeSeconds;
  output.line(`A sign-in there     ${age === null ? 'of any age' : `not older than ${age / 60} min`}`);
  output.line(`Links by mail       ${policy.magicLinks ? 'on' : 'off'}`);
  output.line(`A factor is fresh   ${policy.factorMaxAgeSeconds / 60} min`);
  for (const { key, title } of LIVES)
    output.line(`${title.padEnd(20)}${formatDurationSeconds(policy[`${key}Seconds`])}`);
  output.line(
    policy.passkeyAttestation === 'none'
      ? 'New passkeys        of any maker'
      : `New passkeys        vouched for under ${makers} certificate${makers === 1 ? '' : 's'}: ${models}`,
  );
}
