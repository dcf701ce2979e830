import { type Fault, isReason, REASONS } from '@zeronaut/model';
import { CliError } from '../cli-error.ts';
import type { Output } from './output.ts';

/**
 * Tells a person, once for each change, how the tunnels and the console are. A tunnel that fails again for the same
 * cause is no news.
 */
export class LinkReport {
  readonly #output: Output;
  /** By gateway: the code of the failure that was told last, or null while it is up. */
  readonly #told = new Map<string, string | null>();
  #consoleAway = false;
  #lastRefusal = '';

  constructor(output: Output) {
    this.#output = output;
  }

  onUp(gateway: string): void {
    const before = this.#told.get(gateway);
    this.#told.set(gateway, null);
    this.#output.event('connected', { gateway });
    if (before !== undefined && before !== null) this.#output.note(`Connected to ${gateway} again.`);
  }

  onDown(gateway: string, fault: Fault, nextTryMs: number | null): void {
    if (nextTryMs === null) return;
    const before = this.#told.get(gateway);
    this.#output.event('disconnected', { gateway, code: fault.code, nextTryMs });
    // The first attempts of a new device come before the gateway has heard of it.
    const patient = before === undefined && fault.code === 'access.device_unknown';
    if (before === fault.code || patient) {
      this.#told.set(gateway, before ?? null);
      return;
    }
    this.#told.set(gateway, fault.code);
    const what = before === null ? `The tunnel to ${gateway} is lost` : `No tunnel to ${gateway}`;
    this.#output.note(`${what}: ${explain(fault.code)}. Trying again.`);
    if (fault.code === 'limit.connections') {
      this.#output.note(
        '  next: Each expose has a tunnel of its own. Publish many services with one: zeronaut agent run.',
      );
    }
  }

  onRefused(reason: string): void {
    this.#output.event('refused', { reason });
    if (this.#lastRefusal === reason) return;
    this.#lastRefusal = reason;
    this.#output.note(`A gateway does not take the service: ${explain(reason)}.`);
  }

  onConsoleTrouble(error: Error): void {
    if (this.#consoleAway) return;
    this.#consoleAway = true;
    this.#output.event('console_away', { reason: error instanceof CliError ? error.reason : 'cli.failed' });
    this.#output.note(`${error.message}. What runs goes on.`);
  }

  onConsoleAnswered(): void {
    if (!this.#consoleAway) return;
    this.#consoleAway = false;
    this.#output.event('console_back');
    this.#output.note('The console answers again.');
  }

  /** Nothing has come up for a while. */
  onSlow(gatewayCount: number): void {
    const failures = [...this.#told].filter(([, code]) => code !== null);
    this.#output.event('waiting', { gateways: gatewayCount });
    if (gatewayCount === 0) {
      this.#output.note('There is no gateway yet. Start one: zeronaut gateway run --help');
    } else if (failures.length === 0) {
      this.#output.note('Waiting for a gateway to take the service…');
    }
  }
}

/** The title of a reason, in the middle of a sentence; a code that has none stands for itself. */
export function explain(code: string): string {
  const title = isReason(code) ? REASONS[code].title : (TUNNEL_CODES[code] ?? '');
  return title === '' ? code : `${title.charAt(0).toLowerCase()}${title.slice(1)} (${code})`;
}

const TUNNEL_CODES: Readonly<Record<string, string>> = {
  'tunnel.dial_refused': 'the gateway refuses connections',
  'tunnel.dial_timeout': 'the gateway does not answer',
  'tunnel.dial_failed': 'the gateway cannot be reached',
  'tunnel.timeout': 'the gateway has gone silent',
  'tunnel.closed': 'the gateway closed it',
  'tunnel.credentials_invalid': 'the device certificate cannot be used',
  'tls.certificate_expired': 'the certificate of the gateway has expired, or the clock of this machine is wrong',
  'tls.certificate_not_yet_valid':
    'the certificate of the gateway is not yet valid, or the clock of this machine is wrong',
  'tls.certificate_unknown_authority': 'the certificate of the gateway is of an unknown authority',
  'tls.certificate_wrong_name': 'what answers has the certificate of another gateway',
  'tls.certificate_refused': 'the gateway does not take the certificate of this device',
  'tls.no_common_protocol': 'what answers is no tunnel port of a gateway',
  'tls.plain_text': 'what answers does not speak TLS',
  'stream.reset': 'the connection was reset',
};
