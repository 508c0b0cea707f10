import { setTimeout as sleep } from 'node:timers/promises';
import type { Sink, SinkPorts } from './sink.ts';
import type { Segment, Spool } from './spool.ts';

/**
 * How one try ended. `retry`: the same may go well later. `too-large`: fewer at once may. `refused`: it never will.
 * `rejected`: how many of them the receiver took and threw away, as it says itself.
 */
export type Sent =
  | { readonly outcome: 'delivered'; readonly rejected: number; readonly why: string }
  | { readonly outcome: 'retry'; readonly why: string; readonly afterMs?: number | undefined }
  | { readonly outcome: 'too-large' | 'refused'; readonly why: string };

export interface SenderOptions {
  /** Sends these together. Never throws. */
  readonly send: (lines: readonly string[], signal: AbortSignal) => Promise<Sent>;
  /** How long an event may wait for others to travel with. */
  readonly delayMs: number;
  /** Pauses between tries: doubled from the first to the last, more or less a fifth. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** What is left when the gateway stops gets so long to be sent; then it waits on disk for the next start. */
  readonly closeMs: number;
}

/** Sends a spool's segments, oldest first and one at a time: order is kept, and each event arrives at least once. */
export class Sender implements Sink {
  readonly #spool: Spool;
  readonly #options: SenderOptions;
  readonly #ports: SinkPorts;
  /** The gateway stops: no more waiting for company. */
  readonly #stopping = new AbortController();
  /** Now: what is on its way is given up. */
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;
  #failures = 0;

  constructor(spool: Spool, options: SenderOptions, ports: SinkPorts) {
    this.#spool = spool;
    this.#options = options;
    this.#ports = ports;
    this.#running = this.#run();
  }

  add(line: string): boolean {
    return this.#spool.add(line);
  }

  waitingBytes(): number {
    return this.#spool.bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = await this.#spool.flush();
    if (left > 0) this.#ports.lost(left, 'the disk cannot be written and the gateway stops');
    this.#stopping.abort();
    this.#spool.wake();
    const timer = setTimeout(() => this.#ended.abort(), this.#options.closeMs);
    if (this.#failures > 0) this.#ended.abort(); // nobody is there: the next start tries again
    await this.#running;
    clearTimeout(timer);
    await this.#spool[Symbol.asyncDispose]();
    if (this.#spool.bytes > 0) {
      this.#ports.say('warn', `${this.#spool.bytes} bytes of decisions wait on disk for the next start`);
    }
  }

  async #run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      try {
        await this.#spool.ready(this.#options.delayMs, this.#stopping.signal);
        const segment = await this.#spool.oldest();
        if (segment) await this.#sendSegment(segment);
        else if (this.#stopping.signal.aborted) return;
      } catch (error) {
        this.#failures++;
        this.#ports.say('error', 'the decision log cannot be read back from disk', error);
        if (this.#stopping.signal.aborted) return;
        await this.#pause(this.#options.longestPauseMs);
      }
    }
  }

  async #sendSegment(segment: Segment): Promise<void> {
    const { lines, torn } = await this.#spool.read(segment);
    let size = lines.length;
    for (let at = 0; at < lines.length;) {
      const part = lines.slice(at, at + size);
      const sent = await this.#options.send(part, this.#ended.signal);
      if (this.#ended.signal.aborted && sent.outcome !== 'delivered') return;
      switch (sent.outcome) {
        case 'delivered':
          this.#delivered(part.length, sent.rejected, sent.why);
          at += part.length;
          break;
        case 'too-large':
          if (part.length > 1) size = Math.ceil(part.length / 2);
          else this.#ports.lost(1, sent.why);
          if (part.length === 1) at++;
          break;
        case 'refused':
          this.#ports.lost(part.length, sent.why);
          at += part.length;
          break;
        case 'retry':
          await this.#failed(sent);
          break;
        default:
          sent satisfies never;
      }
    }
    if (torn) this.#ports.lost(1, 'a crash left only a piece of it');
    await this.#spool.remove(segment);
  }

  #delivered(events: number, rejected: number, why: string): void {
    if (this.#failures > 0) this.#ports.say('info', 'decisions are delivered again');
    this.#failures = 0;
    this.#ports.count('delivered', events - rejected);
    if (rejected > 0) this.#ports.lost(rejected, why);
  }

  async #failed({ why, afterMs = 0 }: Extract<Sent, { outcome: 'retry' }>): Promise<void> {
    if (this.#failures === 0) this.#ports.say('warn', `decisions are not delivered and wait on disk: ${why}`);
    const { firstPauseMs, longestPauseMs } = this.#options;
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.#failures, 20));
    this.#failures++;
    if (this.#stopping.signal.aborted) this.#ended.abort();
    await this.#pause(Math.max(pauseMs * (0.8 + Math.random() * 0.4), Math.min(afterMs, longestPauseMs)));
  }

  async #pause(ms: number): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, this.#ended.signal]);
    await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined); // the loop looks for itself
  }
}
