import type { Command } from 'commander';
import { softwareVersion } from '../version.ts';
import { type CommandLine, type CommonOptions, createCommand, outputOf } from './command-line.ts';

export function versionCommand(line: CommandLine): Command {
  return createCommand('version', {
    summary: 'print the version of zeronaut and of Node.js',
    examples: ['version', 'version --json'],
    profile: false,
  }).action((options: CommonOptions) => {
    const output = outputOf(line, options);
    const version = softwareVersion();
    output.line(`zeronaut ${version} (Node.js ${process.version})`);
    output.document({ version, node: process.version });
  });
}
