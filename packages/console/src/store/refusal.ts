import { REASONS, type Reason } from '@zeronaut/model';

/**
 * An expected "no" of the console, as a value: functions return it, nobody throws it. Returned from a transaction it
 * rolls the transaction back.
 */
export class Refusal {
  readonly reason: Reason;
  /** What exactly, for a person. Never holds a secret. */
  readonly detail: string | undefined;
  /** JSON pointers into the body, or `query/…`, `params/…`. */
  readonly errors: readonly { path: string; message: string }[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    reason: Reason,
    more: {
      detail?: string;
      errors?: readonly { path: string; message: string }[];
      retryAfterSeconds?: number;
    } = {},
  ) {
    this.reason = reason;
    this.detail = more.detail;
    this.errors = more.errors;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }

  get status(): number {
    return REASONS[this.reason].status;
  }
}
