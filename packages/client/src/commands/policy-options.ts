import { InvalidArgumentError, Option } from 'commander';
import { type CommonOptions, parseRepeated } from './command-line.ts';

/** Options that several commands of `zeronaut policy` have. */
export interface FileOptions extends CommonOptions {
  readonly file: string[];
  readonly dryRun?: boolean;
  readonly prune?: boolean;
}

export const fileOption = () =>
  new Option('-f, --file <path>', 'file, or directory of *.cedar files; may be repeated').argParser(parseRepeated);

export function parseScore(text: string): number {
  if (!/^(?:\d{1,2}|100)$/.test(text)) throw new InvalidArgumentError('Expected 0 to 100.');
  return Number(text);
}
