import { join } from 'node:path';
import type { NowFacts } from '../contract/command.ts';
import type { Decided, Witness } from '../contract/decided.ts';
import { decisionEvent, type EventLabels } from './event.ts';
import { openFileSink, type FileSinkOptions } from './file.ts';
import { opaAnswer, opaBody } from './opa.ts';
import { otlpAnswer, otlpBody } from './otlp.ts';
import { post, type Receiver } from './post.ts';
import { Sender, type SenderOptions } from './sender.ts';
import type { Sink } from './sink.ts';
import { Spool } from './spool.ts';

export const sinkNames = ['file', 'http', 'otlp'] as const;
export type SinkName = (typeof sinkNames)[number];

export interface DecisionLogOptions {
  readonly labels: EventLabels;
  /** Where what is to be sent waits: a folder for each receiver. */
  readonly spoolDir: string;
  readonly file?: Omit<FileSinkOptions, 'maxWaiting'> | undefined;
  readonly http?: RemoteOptions | undefined;
  readonly otlp?: RemoteOptions | undefined;
  /** The minute that a time falls into, as policy sees it. */
  readonly nowFacts: (ms: number) => NowFacts;
  readonly say: (sink: SinkName, level: 'info' | 'warn' | 'error', message: string, error?: unknown) => void;
  readonly count: (sink: SinkName, outcome: 'delivered' | 'lost', events: number) => void;
  /** Characters that may wait in memory for the disk, for each sink. 8 Mi unless told. */
  readonly maxWaiting?: number;
  /** For a disk that cannot be written. A second unless told. */
  readonly retryMs?: number;
}

export interface RemoteOptions extends Pick<Receiver, 'url' | 'headers' | 'ca'>, Partial<Omit<SenderOptions, 'send'>> {
  /** What may wait on disk for this receiver. */
  readonly spoolBytes: number;
  /** What is sent at once, before compression. */
  readonly batchBytes: number;
}

export interface DecisionLog extends AsyncDisposable {
  readonly decided: Witness;
  /** What waits for each sink, in bytes. */
  waiting(): readonly (readonly [SinkName, number])[];
}

const defaultPauses = { delayMs: 1_000, firstPauseMs: 500, longestPauseMs: 60_000, closeMs: 5_000 };

/**
 * Sends every decision elsewhere, beside the data path: a decision is written down after the turn of the event loop that took it, and
 * nothing waits for it. What cannot be kept is counted and said aloud; the audit log has it all the same.
 * @throws what the disk says when a file or spool cannot be opened
 */
export async function openDecisionLog(options: DecisionLogOptions): Promise<DecisionLog> {
  await using opening = new AsyncDisposableStack();
  const { file, http, otlp, labels, maxWaiting = 8 << 20, retryMs } = options;
  const pauses = retryMs === undefined ? {} : { retryMs };
  const sinks: Output[] = [];
  const add = (name: SinkName, sink: Sink) => sinks.push(new Output(name, opening.use(sink), options));
  if (file) add('file', await openFileSink({ ...file, ...pauses, maxWaiting }, portsOf('file', options)));
  const remote = async (name: 'http' | 'otlp', to: RemoteOptions, form: Pick<Receiver, 'body' | 'judge'>) => {
    const ports = portsOf(name, options);
    const spool = await Spool.open({
      dir: join(options.spoolDir, name),
      maxBytes: to.spoolBytes,
      segmentBytes: to.batchBytes,
      maxWaiting,
      ...pauses,
      onFailure: (error) =>
        error === undefined
          ? ports.say('info', 'decisions can be spooled to disk again')
          : ports.say('error', 'decisions cannot be spooled to disk', error),
    });
    const receiver: Receiver = { url: to.url, headers: to.headers, ca: to.ca, ...form };
    const { delayMs, firstPauseMs, longestPauseMs, closeMs } = { ...defaultPauses, ...to };
    const send: SenderOptions['send'] = (lines, signal) => post(receiver, lines, signal);
    add(name, new Sender(spool, { send, delayMs, firstPauseMs, longestPauseMs, closeMs }, ports));
  };
  if (http) await remote('http', http, { body: opaBody, judge: opaAnswer });
  if (otlp) await remote('otlp', otlp, { body: (lines) => otlpBody(labels, lines), judge: otlpAnswer });
  return new RunningLog(options, sinks, opening.move());
}

class RunningLog implements DecisionLog {
  readonly decided: Witness;
  readonly #options: DecisionLogOptions;
  readonly #outputs: readonly Output[];
  readonly #opened: AsyncDisposable;
  #fresh: Decided[] = [];

  constructor(options: DecisionLogOptions, outputs: readonly Output[], opened: AsyncDisposable) {
    this.#options = options;
    this.#outputs = outputs;
    this.#opened = opened;
    const take = (decided: Decided): void => {
      if (this.#fresh.push(decided) === 1) setImmediate(() => this.#write());
    };
    // An event costs more than the decision itself: without a reader it is not written.
    this.decided = outputs.length === 0 ? () => undefined : take;
  }

  waiting(): readonly (readonly [SinkName, number])[] {
    return this.#outputs.map(({ name, sink }) => [name, sink.waitingBytes()] as const);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#write();
    await this.#opened[Symbol.asyncDispose]();
  }

  #write(): void {
    const fresh = this.#fresh;
    this.#fresh = [];
    const { nowFacts, labels } = this.#options;
    for (const decided of fresh) {
      try {
        const line = JSON.stringify(decisionEvent(decided, nowFacts(decided.around.minuteMs), labels));
        for (const output of this.#outputs) output.add(line);
      } catch (error) {
        for (const output of this.#outputs) output.unwritable(error);
      }
    }
  }
}

/** A sink, and how many events in a row it could not keep. */
class Output {
  readonly name: SinkName;
  readonly sink: Sink;
  readonly #options: DecisionLogOptions;
  #lost = 0;

  constructor(name: SinkName, sink: Sink, options: DecisionLogOptions) {
    this.name = name;
    this.sink = sink;
    this.#options = options;
  }

  add(line: string): void {
    const { say, count } = this.#options;
    if (this.sink.add(line)) {
      if (this.#lost > 0) say(this.name, 'error', `${this.#lost} decisions are lost: there was no room for them`);
      this.#lost = 0;
      return;
    }
    // Once for each time that room runs out, not for each event.
    if (this.#lost === 0) say(this.name, 'error', 'no room for more decisions: from now on they are lost');
    this.#lost++;
    count(this.name, 'lost', 1);
  }

  unwritable(error: unknown): void {
    this.#options.count(this.name, 'lost', 1);
    this.#options.say(this.name, 'error', 'a decision cannot be written as JSON and is lost', error);
  }
}

function portsOf(name: SinkName, { say, count }: DecisionLogOptions) {
  return {
    say: (level: 'info' | 'warn' | 'error', message: string, error?: unknown) => say(name, level, message, error),
    count: (outcome: 'delivered', events: number) => count(name, outcome, events),
    lost: (events: number, why: string) => {
      count(name, 'lost', events);
      say(name, 'error', `${events} decisions are lost: ${why}`);
    },
  };
}
