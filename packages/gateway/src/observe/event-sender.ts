import { inTurns } from '../turns.ts';
import type { Spool } from './spool.ts';

/**
 * Carries spooled events to the console while the link is up: in order, a few batches ahead of their acknowledgement,
 * and again from the last acknowledged one after every lost link. The console knows each event by gateway, epoch and
 * number, so that sending twice stores once.
 */
export interface EventSenderOptions {
  readonly spool: Spool;
  /** A JSON array of events. False: not taken. */
  readonly send: (json: string) => boolean;
  /**
   * Numbers have a hole, because events were lost here. The console takes one only at the beginning of a link, where
   * it cannot hide that something went missing on the way.
   */
  readonly restartLink: () => void;
}

const BATCH_EVENTS = 500;
/** Well under the message bound of the link, whatever the events hold. */
const BATCH_CHARACTERS = 512 * 1024;
/** Batches that may wait for their acknowledgement: hides the console's round trip, bounds what is sent twice. */
const WINDOW_BATCHES = 4;
/** Events of this long travel together (ms): saves both sides a message per request. */
const LINGER_MS = 20;
/**
 * Events that go out in a second, and at once after a pause. Storing them costs the console more than serving the
 * requests costs us: unpaced, a burst of traffic becomes a burst on the console, on the same cores where the two share a
 * machine (measured: a fifth off the throughput of the tunnel for half a minute after a load of 30,000 requests/s).
 */
const PACE_EVENTS_PER_SECOND = 5_000;
const LEAST_EVENTS = 100;
/** A window without acknowledgement for this long means that the console took it and forgot it (ms). */
const STUCK_MS = 30_000;

export class EventSender {
  readonly #options: EventSenderOptions;
  #up = false;
  #sent: number;
  #pumping = false;
  /** It was to be pumped while it was. */
  #pumpAgain = false;
  /** Counts the times that sending began anew: what was read before is not sent after. */
  #beginnings = 0;
  /** Events below were on a link that was lost; one of them may be why. */
  #validateBelow = 0;
  #timer: NodeJS.Timeout | null = null;
  #stuck: NodeJS.Timeout | null = null;
  /** What was sent last on this link. */
  #last: { epoch: string; seq: number } | null = null;
  #inFlight: { epoch: string; firstSeq: number; lastSeq: number }[] = [];
  #allowance = PACE_EVENTS_PER_SECOND;
  #allowanceAtMs = performance.now();

  constructor(options: EventSenderOptions) {
    this.#options = options;
    this.#sent = options.spool.acknowledged;
    options.spool.onWritten = () => this.#schedule();
  }

  linkUp(): void {
    this.#up = true;
    this.#rewind();
    this.#pump();
  }

  linkDown(): void {
    this.#up = false;
    this.#rewind();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#stuck !== null) clearTimeout(this.#stuck);
    this.#timer = null;
    this.#stuck = null;
  }

  /** The console has stored all events of `epoch` up to `seq`. Numbers that are not in flight are ignored. */
  stored(epoch: string, seq: number): void {
    for (let batch = this.#inFlight[0]; batch !== undefined; batch = this.#inFlight[0]) {
      if (batch.epoch !== epoch || seq < batch.firstSeq) break;
      this.#options.spool.acknowledge(Math.min(seq, batch.lastSeq));
      if (seq < batch.lastSeq) break;
      this.#inFlight.shift();
    }
    this.#watch();
    this.#pump();
  }

  #rewind(): void {
    this.#validateBelow = Math.max(this.#validateBelow, this.#sent + 1);
    this.#sent = this.#options.spool.acknowledged;
    this.#inFlight = [];
    this.#last = null;
    this.#beginnings++;
  }

  #schedule(): void {
    if (!this.#up || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#pump();
    }, LINGER_MS);
    this.#timer.unref();
  }

  /** Sends what may be sent: now, or once what is being read from the disk was read. */
  #pump(): void {
    if (this.#pumping) {
      this.#pumpAgain = true;
      return;
    }
    this.#pumping = true;
    void this.#pumpInTurns().finally(() => {
      this.#pumping = false;
      if (!this.#pumpAgain) return;
      this.#pumpAgain = false;
      this.#pump();
    });
  }

  async #pumpInTurns(): Promise<void> {
    const { spool, send, restartLink } = this.#options;
    while (this.#up && this.#inFlight.length < WINDOW_BATCHES) {
      const most = Math.min(BATCH_EVENTS, this.#paced());
      if (most === 0) {
        this.#schedule();
        return;
      }
      const beginnings = this.#beginnings;
      const batch = await inTurns(spool.readAfter(this.#sent, most, BATCH_CHARACTERS, this.#validateBelow));
      if (beginnings !== this.#beginnings) continue;
      if (batch === null) return;
      if (batch.lines.length > 0) {
        if (this.#last?.epoch === batch.epoch && batch.firstSeq !== this.#last.seq + 1) {
          if (this.#inFlight.length === 0) restartLink();
          return;
        }
        if (!send(`[${batch.lines.join(',')}]`)) {
          this.#schedule();
          return;
        }
        this.#allowance -= batch.lines.length;
        this.#inFlight.push({ epoch: batch.epoch, firstSeq: batch.firstSeq, lastSeq: batch.lastSeq });
        this.#last = { epoch: batch.epoch, seq: batch.lastSeq };
        this.#watch();
      } else if (this.#inFlight.length === 0) {
        spool.acknowledge(batch.lastSeq);
      }
      this.#sent = batch.lastSeq;
    }
  }

  /** How many events may go now. A spool that fills up knows no pace: late is better than lost. */
  #paced(): number {
    if (this.#options.spool.fillsUp) return BATCH_EVENTS;
    const nowMs = performance.now();
    const earned = ((nowMs - this.#allowanceAtMs) * PACE_EVENTS_PER_SECOND) / 1000;
    this.#allowance = Math.min(PACE_EVENTS_PER_SECOND, this.#allowance + earned);
    this.#allowanceAtMs = nowMs;
    // Less is not worth a message.
    return this.#allowance < LEAST_EVENTS ? 0 : Math.floor(this.#allowance);
  }

  /** (Re)starts the time that the oldest batch has. */
  #watch(): void {
    if (this.#stuck !== null) clearTimeout(this.#stuck);
    this.#stuck = null;
    if (!this.#up || this.#inFlight.length === 0) return;
    this.#stuck = setTimeout(() => {
      this.#rewind();
      this.#pump();
    }, STUCK_MS);
    this.#stuck.unref();
  }
}
