import type { WatchedEvent } from '../agent/agent.ts';
import { formatBytes, formatDuration, formatTime } from './format.ts';
import { type Output, printable } from './output.ts';

/** One access event as one line: time, what, outcome, how long, who, and the reason when it was refused. */
export function accessLine(output: Output, event: WatchedEvent, who: string): string {
  const time = output.style('dim', formatTime(new Date(event.at)));
  const by = printable(who === '' ? event.sourceAddress : who);
  const took = formatDuration(event.durationMs).padStart(8);
  const refused = event.effect === 'pass' ? '' : `  ${output.style('yellow', event.reason)}`;
  if (event.protocol !== 'http') {
    const bytes = `${formatBytes(event.bytesIn)} in, ${formatBytes(event.bytesOut)} out`;
    const effect = output.style(event.effect === 'pass' ? 'green' : 'red', event.effect.padEnd(4));
    return `${time}  ${event.protocol}  ${effect} ${took}  ${bytes}  ${by}${refused}`;
  }
  const style = event.status >= 500 ? 'red' : event.status >= 400 ? 'yellow' : event.status >= 300 ? 'cyan' : 'green';
  const status = output.style(style, String(event.status));
  // A pass whose status is our own (the service was not there) has its reason elsewhere than in access.
  return `${time}  ${printable(event.method).padEnd(6)} ${status} ${took}  ${printable(event.path)}  ${by}${refused}`;
}
