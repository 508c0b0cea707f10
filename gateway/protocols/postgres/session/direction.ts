import type { Duplex } from 'node:stream';
import type { Wait } from '../../../contract/wait.ts';
import type { Frame, Framer } from '../codec/frames.ts';

export interface DirectionOptions {
  readonly source: Duplex;
  readonly framer: Framer;
  /** Tags of which a run may be handled as one frame. */
  readonly runs: ReadonlySet<number>;
  /** Bytes that may wait while a message is being dealt with, before the source is paused. */
  readonly maxWaitingBytes: number;
  /** @param count how many messages lie in the frame */
  readonly handle: (frame: Frame, count: number) => Wait;
  /** Called when everything that has arrived was dealt with. */
  readonly flush: () => void;
  readonly flushBeforeWait: () => void;
  readonly broken: (error: unknown) => void;
  readonly ended: () => void;
}

/** One direction of a session: cuts the stream into messages and deals with them one at a time, synchronously while nothing has to be waited for. */
export class Direction {
  readonly #o: DirectionOptions;
  #chunks: Buffer[] = [];
  #waitingBytes = 0;
  /** A message is being dealt with. */
  #busy = false;
  /** Reasons not to read on. */
  #pauses = 0;
  #stopped = false;

  constructor(options: DirectionOptions) {
    this.#o = options;
  }

  /** Takes over a paused stream; what was read too far is back in it. */
  start(): void {
    const { source } = this.#o;
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    source.on('end', () => this.#o.ended());
    source.on('close', () => this.#o.ended());
    source.on('error', () => this.#o.ended());
    source.resume();
  }

  /** Reads no more until `wait` is over. */
  pauseFor(wait: Promise<void>): void {
    this.#pauses++;
    this.#o.source.pause();
    const resume = () => {
      this.#pauses--;
      this.#resume();
    };
    wait.then(resume, resume);
  }

  /** Reads on and looks at nothing more: a peer that is not read may not see what it is told, or that it is over. */
  discard(): void {
    this.#stopped = true;
    this.#chunks = [];
    this.#o.source.resume();
  }

  #take(chunk: Buffer): void {
    if (this.#stopped) return;
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    if (!this.#busy) this.#pump();
    else if (this.#waitingBytes > this.#o.maxWaitingBytes) this.#o.source.pause();
  }

  #pump(): void {
    if (this.#stopped) return;
    const { framer, handle, runs, flush, flushBeforeWait } = this.#o;
    try {
      for (;;) {
        if (!framer.next()) {
          const chunk = this.#chunks.shift();
          if (!chunk) break;
          this.#waitingBytes -= chunk.length;
          framer.push(chunk);
          continue;
        }
        const wait = handle(framer, runs.has(framer.tag) ? framer.extend() : 1);
        if (!wait) continue;
        this.#busy = true;
        wait.then(
          () => this.#again(),
          (error: unknown) => this.#stop(error),
        );
        return flushBeforeWait();
      }
      flush();
    } catch (error) {
      this.#stop(error);
    }
  }

  #again(): void {
    this.#busy = false;
    this.#resume();
    this.#pump();
  }

  #resume(): void {
    if (this.#stopped) this.#o.source.resume();
    else if (this.#pauses === 0 && this.#waitingBytes <= this.#o.maxWaitingBytes) this.#o.source.resume();
  }

  #stop(error: unknown): void {
    this.#stopped = true;
    this.#chunks = [];
    this.#o.broken(error);
  }
}
