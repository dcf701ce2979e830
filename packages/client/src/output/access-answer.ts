import type { AccessAnswer } from '@zeronaut/model';
import type { Output } from './output.ts';

/** What gateways would decide, every policy that has a say, and what would turn it. */
export function printAnswer(output: Output, answer: AccessAnswer): void {
  const style = { pass: 'green', challenge: 'yellow', deny: 'red' } as const;
  output.line(`${output.style(style[answer.effect], answer.effect)}  ${answer.title} (${answer.reason})`);
  if (answer.next !== '') output.line(`      ${answer.next}`);
  output.line(output.style('dim', `rule  ${answer.rule.effect} (${answer.rule.reason})`));
  for (const { name, effect, mode, holds, decides, facts } of answer.policies) {
    const read = Object.entries(facts).map(([fact, value]) => `${fact}=${value}`);
    const said = holds === 'error' ? 'cannot be evaluated' : holds === 'yes' ? 'holds' : 'does not hold';
    const text = `${decides ? '→' : ' '} ${effect} ${name}: ${said}${mode === 'report' ? ' (report only)' : ''}`;
    output.line(`${text}${read.length > 0 ? output.style('dim', `  ${read.join(' ')}`) : ''}`);
  }
  for (const { fact, value, effect } of answer.wouldChange) {
    output.line(output.style('dim', `  with ${fact} ${value} it would be: ${effect}`));
  }
}
