import { InvalidArgumentError } from 'commander';
import { parsePort } from './command-line.ts';

/** `20000-20999`. */
export function parsePortRange(text: string): { from: number; to: number } {
  const [first, last, ...more] = text.split('-');
  if (last === undefined || more.length > 0) throw new InvalidArgumentError('Expected from-to, such as 20000-20999.');
  const range = { from: parsePort(first!), to: parsePort(last) };
  if (range.from > range.to) throw new InvalidArgumentError('The first port must not be above the last.');
  return range;
}
