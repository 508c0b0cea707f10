import type { Decision } from '../contract/decision.ts';
import type { DenialCode, Exchange } from '../contract/exchange.ts';
import type { RequestId } from '../contract/ids.ts';
import type { Recorder } from '../contract/ports.ts';
import { MaskImpossible, type ResultPart, type Sent } from '../contract/result.ts';
import { both, type Wait } from '../contract/wait.ts';
import { LimitReached } from './contents.ts';
import type { Delivery, End } from './delivery.ts';
import { denial } from './denials.ts';

/** One command of a released exchange, with its obligations. */
export interface ReleasedCommand {
  readonly delivery: Delivery;
  readonly requestId: RequestId;
  readonly decision: Decision;
}

export interface ReleasePorts {
  readonly recorder: Pick<Recorder, 'result' | 'end'>;
  /** Told how many rows reached the client. */
  returned(rows: number): void;
  /** What of files was moved goes to the log too. */
  logContents(i: number, requestId: RequestId, sent: Sent): Wait;
  /** Told when all of its commands have ended. */
  over(release: Release): void;
}

/** How long nothing comes of a stream before what is the beginning of nothing is shown: prompts. */
const pauseMs = 200;
/** What Node's timers can wait: 24 days. */
const longestMs = 2 ** 31 - 1;

/** The way of an exchange's results, part by part: obligations, recording, reply; and its end where policy sets one. */
export class Release {
  readonly #x: Exchange;
  readonly #released: readonly ReleasedCommand[];
  readonly #ports: ReleasePorts;
  #isOver = false;
  /** Commands whose end was not told yet. */
  #left: number;
  #pause: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(x: Exchange, released: readonly ReleasedCommand[], ports: ReleasePorts) {
    this.#x = x;
    this.#released = released;
    this.#ports = ports;
    this.#left = released.length;
    const seconds = x.results === 'rows' ? undefined : released[0]?.decision.limits.seconds;
    if (seconds === undefined) return;
    const timeOver = () => this.#timeOver(seconds);
    this.#deadline = setTimeout(timeOver, Math.min(seconds * 1000, longestMs)).unref();
    x.signal.addEventListener('abort', () => this.#stop(), { once: true });
  }

  /**
   * The session ends in the middle of it: what has reached the client until now counts, and the record says that no more did.
   * @throws when it cannot be recorded
   */
  brokenOff(reason: string): void {
    this.#stop();
    this.#endAll('broken', `broken off: ${reason}`);
  }

  deliver(i: number, part: ResultPart): Wait {
    if (this.#isOver) return undefined;
    return this.#orBreakOff(() => {
      const one = this.#at(i);
      switch (part.kind) {
        case 'end':
          return this.#end(i, part, one);
        case 'content':
          return this.#content(i, part, one);
        default:
          return this.#part(i, part, one);
      }
    });
  }

  #part(i: number, part: ResultPart, one: ReleasedCommand): Wait {
    const { delivery, requestId } = one;
    const safe = delivery.apply(part);
    const passed = safe && this.#pass(i, safe, requestId);
    if (delivery.struck !== undefined) return both(passed, this.#strike(delivery.struck));
    if (delivery.holdsBack) this.#awaitPause(i, one);
    return passed;
  }

  /** Of a file the end says what has passed: what cannot be recorded is refused before it counts as that. */
  #content(i: number, part: ResultPart, { delivery, requestId }: ReleasedCommand): Wait {
    const recorded = this.#ports.recorder.result(requestId, part);
    const safe = delivery.apply(part);
    return safe ? both(recorded, this.#x.reply(i, safe)) : recorded;
  }

  #end(i: number, part: End, { delivery, requestId }: ReleasedCommand): Wait {
    let told: Wait;
    for (const rest of delivery.rest()) told = both(told, this.#pass(i, rest, requestId));
    if (delivery.struck !== undefined) return both(told, this.#strike(delivery.struck));
    if (this.#x.results !== 'rows' && i === 0) this.#stop();
    const { sent, isOver } = delivery;
    const end = delivery.end(part);
    this.#ports.returned(sent.rows);
    let logged: Wait;
    // The log is another place than the recording: where one cannot be written the other still says what was moved.
    try {
      if (sent.contents) logged = this.#ports.logContents(i, requestId, sent);
      logged?.catch(() => undefined); // heard of below, unless the recorder fails as well
    } finally {
      this.#ports.recorder.end(requestId, end.outcome, sent);
    }
    if (!isOver && --this.#left === 0) this.#ports.over(this);
    return both(both(told, logged), this.#x.reply(i, end));
  }

  /** Recorded first, then sent. */
  #pass(i: number, part: ResultPart, requestId: RequestId): Wait {
    return both(this.#ports.recorder.result(requestId, part), this.#x.reply(i, part));
  }

  #awaitPause(i: number, { delivery, requestId }: ReleasedCommand): void {
    if (this.#pause) {
      this.#pause.refresh();
      return;
    }
    this.#x.signal.addEventListener('abort', () => this.#stop(), { once: true });
    this.#pause = setTimeout(() => {
      if (this.#isOver) return;
      void this.#orBreakOff(() => {
        for (const piece of delivery.paused()) {
          const wait = this.#pass(i, piece, requestId);
          wait?.catch(() => undefined); // the next part hears of it
        }
        return delivery.struck === undefined ? undefined : this.#strike(delivery.struck);
      });
    }, pauseMs).unref();
  }

  #timeOver(seconds: number): void {
    if (this.#isOver) return;
    void this.#orBreakOff(() => {
      const { delivery, requestId } = this.#at(0);
      for (const piece of delivery.rest()) this.#pass(0, piece, requestId)?.catch(() => undefined);
      return this.#strike(`ended by policy: it ran for more than ${seconds} seconds`);
    });
  }

  /** A limit is passed: nothing more of it leaves, and what runs is ended. */
  #strike(text: string): Wait {
    this.#stop();
    const { requestId, decision } = this.#at(0);
    this.#endAll('limit', text);
    return this.#x.breakOff(denial('limit', text, requestId, decision));
  }

  /** Ends in the record whatever of it has no end yet. */
  #endAll(code: string, text: string): void {
    this.#ports.over(this);
    for (const { delivery, requestId } of this.#released) {
      if (delivery.isOver) continue;
      const { sent } = delivery;
      delivery.end({ kind: 'end', outcome: { ok: false, code, text } });
      this.#ports.returned(sent.rows);
      this.#ports.recorder.end(requestId, { ok: false, code, text }, sent);
    }
  }

  #orBreakOff(go: () => Wait): Wait {
    try {
      return go();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const { requestId, decision } = this.#at(0);
      // What of a file went before stays right, and its end is recorded.
      if (error instanceof LimitReached) return this.#x.breakOff(denial('limit', why, requestId, decision));
      if (this.#x.results !== 'contents' || error instanceof MaskImpossible) this.#stop();
      const code: DenialCode = error instanceof MaskImpossible ? 'obligation' : 'not_recorded';
      return this.#x.breakOff(denial(code, `result withheld: ${why}`, requestId, decision));
    }
  }

  #stop(): void {
    this.#isOver = true;
    clearTimeout(this.#pause);
    clearTimeout(this.#deadline);
  }

  #at(i: number): ReleasedCommand {
    const one = this.#released[i];
    if (!one) throw new Error(`a result for command ${i} of ${this.#released.length}`);
    return one;
  }
}
