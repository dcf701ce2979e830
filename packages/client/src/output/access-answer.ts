import type { AccessAnswer } from '@zeronaut/model';
import type { Output } from './output.ts';

/** What gateways would decide, every policy that has a say, and what would turn it. */
export function printAnswer(output: Output, answer: AccessAnswer): void {
  const style = { pass: 'green', challenge: 'yellow', deny: 'red' } as const;
  output.line(`${output.style(style[answer.effect], answer.effect)}  ${answer.title} (${answer.reason})`);
  if (answer.next !== '') output.line(`      ${answer.next}`);
  output.line(output.style('dim', `rule  ${answer.rule.effect} (${answer.rule.reason})${wanted(answer.rule)}`));
  for (const { name, effect, mode, holds, decides, facts } of answer.policies) {
    const read = Object.entries(facts).map(([fact, value]) => `${fact}=${value}`);
    const said = holds === 'error' ? 'cannot be evaluated' : holds === 'yes' ? 'holds' : 'does not hold';
    const text = `${decides ? '→' : ' '} ${effect} ${name}: ${said}${mode === 'report' ? ' (report only)' : ''}`;
    output.line(`${text}${read.length > 0 ? output.style('dim', `  ${read.join(' ')}`) : ''}`);
  }
  if (answer.address !== undefined) output.line(output.style('dim', addressText(answer.address)));
  output.line(output.style('dim', countryText(answer.country)));
  for (const { fact, value, effect, also } of answer.wouldChange) {
    const changes = [{ fact, value }, ...also].map(inWords).join(' and ');
    output.line(output.style('dim', `  ${changes} it would be: ${effect}`));
  }
  if (answer.wouldChange.length === 0) output.line(output.style('dim', '  nothing that was tried would change it'));
}

function addressText({ value, from }: NonNullable<AccessAnswer['address']>): string {
  return from === 'question' ? `from ${value} as you said` : `from ${value}, as no address was said (--address)`;
}

/** A gateway may have another file of countries, which alone decides there. */
function countryText({ code, from, fileBuiltAt }: AccessAnswer['country']): string {
  const country = code === null ? 'no country' : `country ${code}`;
  if (from === 'question' || fileBuiltAt === null) return `${country} as you said`;
  const month = new Date(fileBuiltAt).toLocaleDateString('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });
  return `${country} by the console's own file of ${month}; a gateway decides by the one that it has`;
}

const WORDS: Readonly<Record<string, (value: string) => string>> = {
  factors: (value) => `with the factor ${value}`,
  factorMinutesAgo: () => 'with a factor shown just now',
  granted: (value) => (value === 'true' ? 'with an approved access request' : 'without an approved access request'),
  by: () => 'signed in, in the place of a token',
  group: (value) => `in the group ${value}`,
  withoutGroup: (value) => `out of the group ${value}`,
  role: (value) => `with the role ${value}`,
  who: (value) => (value === 'User' ? 'as a person' : 'as a service account'),
  device: (value) => `from the device ${value}`,
  gateway: (value) => `at the gateway ${value}`,
  address: (value) => `from ${value}`,
  country: (value) => `from the country ${value}`,
  action: (value) => `to ${value}`,
  method: (value) => `with the method ${value}`,
  path: (value) => `at the path ${value}`,
  time: (value) => `at ${value}`,
  risk: (value) => `with risk ${value}`,
  segment: (value) => `with the object in the segment ${value}`,
  withoutSegment: (value) => `with the object out of the segment ${value}`,
};

function inWords({ fact, value }: { readonly fact: string; readonly value: string }): string {
  return WORDS[fact]?.(value) ?? `with ${fact} ${value}`;
}

/** Whom the rule wants. */
function wanted({ mode, allow }: AccessAnswer['rule']): string {
  if (mode === null) return '';
  if (mode === 'policy') return ': policies alone let in';
  if (mode === 'public') return ': it is public';
  return allow.length === 0 ? ': it lets in every user' : `: it lets in ${allow.join(', ')}`;
}
