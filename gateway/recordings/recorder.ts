import type { RequestId, SessionId } from '../contract/ids.ts';
import type { Clock, RecordedCommand, Recorder, SessionFrame } from '../contract/ports.ts';
import type { Outcome, ResultPart, Sent } from '../contract/result.ts';
import type { Wait } from '../contract/wait.ts';
import type { SessionCounts } from '../store/sessions.ts';
import { Encoder, type Kept, line } from './encoder.ts';
import type { ClosedFile, RecordingFile } from './file.ts';
import { recordingHeader } from './format.ts';
import type { Watching } from './watching.ts';

/** What the session came to. */
export interface RecordingTotals extends ClosedFile, SessionCounts {
  readonly session: SessionId;
  readonly reason: string;
  readonly endedAtMs: number;
  readonly events: number;
}

export interface SessionRecorderOptions {
  readonly frame: SessionFrame;
  readonly file: RecordingFile;
  readonly clock: Clock;
  readonly kept: Kept;
  /** Origin of the audit log. */
  readonly origin: string;
  /** Called once, with the file closed. */
  readonly onClosed: (totals: RecordingTotals) => Promise<void>;
  /** Waits before a failed close is tried again; rejects when nobody is going to wait any more. */
  readonly pause: () => Promise<void>;
}

/** Records one session. A method that throws has recorded nothing, and nothing may happen then. */
export class SessionRecorder implements Recorder {
  readonly #options: SessionRecorderOptions;
  readonly #encoder: Encoder;
  readonly #file: RecordingFile;
  #events = 1;
  #denials = 0;
  #rows = 0;
  /** Bytes that are in the file or wait for it. */
  #taken = 0;
  readonly #watching = new Set<Watching>();
  #closing: Promise<void> | undefined;

  constructor(options: SessionRecorderOptions) {
    this.#options = options;
    this.#file = options.file;
    this.#encoder = new Encoder(options.kept);
    const header = line(recordingHeader(options.frame, options.origin));
    this.#taken = Buffer.byteLength(header);
    void this.#file.write(header);
  }

  command(entry: RecordedCommand): void {
    this.#file.assertWritable();
    if (entry.decision.effect === 'deny') this.#denials++;
    void this.#write(this.#encoder.command(this.#t(), entry));
  }

  result(requestId: RequestId, part: ResultPart): Wait {
    this.#file.assertWritable();
    switch (part.kind) {
      case 'fields':
        return this.#write(this.#encoder.fields(this.#t(), requestId, part.fields));
      case 'rows':
        return this.#write(this.#encoder.rows(this.#t(), requestId, part.batch));
      case 'bytes':
        return this.#write(this.#encoder.bytes(this.#t(), requestId, part.stream, part.bytes));
      case 'screen':
        return this.#write(this.#encoder.screen(this.#t(), requestId, part.screen));
      case 'message':
        return this.#write(this.#encoder.message(this.#t(), requestId, part.message));
      case 'copy':
      case 'content':
      case 'end':
        return undefined; // `end` says it, with what reached the client
      default:
        return part satisfies never;
    }
  }

  end(requestId: RequestId, outcome: Outcome, sent: Sent): void {
    this.#file.assertWritable();
    this.#rows += sent.rows;
    void this.#write(this.#encoder.end(this.#t(), requestId, outcome, sent));
  }

  hold(
    requestId: RequestId,
    what: { readonly id: string; readonly resolution?: string; readonly by?: readonly string[] },
  ): void {
    this.#file.assertWritable();
    void this.#write(this.#encoder.hold(this.#t(), requestId, what.id, what.resolution, what.by));
  }

  /** Resolves when the recording is on the medium and told of. A full disk is waited for. */
  close(reason: string): Promise<void> {
    return (this.#closing ??= this.#close(reason));
  }

  /** Gives it every line from now on. @returns how many bytes of the recording were written before */
  watch(watching: Watching): number {
    this.#watching.add(watching);
    return this.#taken;
  }

  unwatch(watching: Watching): void {
    this.#watching.delete(watching);
  }

  /** All that was recorded so far is in the file when this resolves. */
  flush(): Promise<void> {
    return this.#file.flush();
  }

  /** What the session came to so far. */
  get counts(): SessionCounts {
    return { commands: this.#encoder.commands, denials: this.#denials, rows: this.#rows };
  }

  get waiting(): number {
    return this.#file.waiting;
  }

  /** Why nothing can be recorded; empty when it can. */
  get failure(): string {
    return this.#file.failure;
  }

  async #close(reason: string): Promise<void> {
    const { frame, clock, onClosed, pause } = this.#options;
    const endedAtMs = clock.now();
    const last = line({ type: 'close', t: this.#t(), reason });
    for (let said = false, closed: ClosedFile | undefined; !closed;) {
      try {
        if (!said) void this.#write(last);
        said = true;
        for (const watching of this.#watching) watching.end();
        closed = await this.#file.close();
        await onClosed({ session: frame.id, reason, endedAtMs, ...closed, events: this.#events, ...this.counts });
      } catch (error) {
        if (closed) throw error;
        await pause().catch(async () => {
          await this.#file.abandon();
          throw error;
        });
      }
    }
  }

  #write(lines: string): Wait {
    if (lines === '') return undefined;
    const wait = this.#file.write(lines);
    this.#taken += Buffer.byteLength(lines);
    for (const watching of this.#watching) watching.push(lines);
    for (let at = lines.indexOf('\n'); at >= 0; at = lines.indexOf('\n', at + 1)) this.#events++;
    wait?.catch(() => undefined); // whoever is not told to wait hears of it at the next call
    return wait;
  }

  /** Milliseconds since the session began. */
  #t(): number {
    return Math.max(0, this.#options.clock.now() - this.#options.frame.startedAtMs);
  }
}
