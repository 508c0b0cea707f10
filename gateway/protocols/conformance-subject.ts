import type { AuditEvent } from '../contract/event.ts';
import type { ContentRange, Outcome } from '../contract/result.ts';

/**
 * What an adapter's test gives to the suite in `conformance.ts`: the real adapter under the real enforcement, with a real target behind it,
 * and enforcement's ports in the suite's hands. Nothing here knows a wire format.
 */
export interface Subject extends AsyncDisposable {
  readonly world: World;
  readonly target: TargetView;
  readonly samples: Samples;
  /** Logs in and waits until commands may be sent. */
  connect(): Promise<Wire>;
  /** Runs commands one after the other in one session of an unchanged client. @returns what its user reads of each answer */
  native(texts: readonly string[]): Promise<readonly Answer[]>;
  /** Every way in which a client can ask for encryption inside the protocol, the dishonest ones too. */
  readonly encryptions: readonly {
    readonly name: string;
    /** Bytes that mean encryption and must not be seen behind the gateway. */
    readonly bytes: Buffer;
    attempt(): Promise<'terminated' | 'refused' | 'passed'>;
  }[];
  /** The gateway goes down in an orderly way. */
  drain(): void;
}

/** A policy by text, and all that was asked, logged and recorded. */
export interface World {
  /** What policy says to commands whose text holds `part`. Everything else is allowed. */
  say(part: string, verdict: 'allow' | 'deny' | 'mask' | 'hold'): void;
  /** Texts that policy was asked about, in order. */
  readonly judged: readonly string[];
  readonly audit: readonly AuditEvent[];
  /** Everything that log and recording were given, as one text: for what must not be in it. */
  written(): string;
  /** What the recorder was told of ends, in order, with what of files was moved until then. */
  readonly ended: readonly { readonly outcome: Outcome; readonly contents: readonly ContentRange[] }[];
  /** What cannot be written at the moment. */
  failing: 'nothing' | 'log' | 'recording' | 'results';
  /** The next command that waits for an approval. */
  nextHold(): Promise<{ approve(): void; readonly signal: AbortSignal }>;
  /** Every open session has to end. */
  endSessions(reason: string): void;
}

/** The words of the denial that the suite's policy gives: all of them must reach the person who typed the command. */
export const denialWords = { id: 'CONF-1', message: 'the suite says no', hint: 'Ask the suite for another answer.' };

/** The target, seen from the wire between it and the gateway. */
export interface TargetView {
  /** Everything that was sent to it. */
  received(): Buffer;
  /** Whether `samples.denied` has ever run there, by the target's own word. */
  hasRun(): Promise<boolean>;
  /** Bytes that it has sent and the gateway has taken, or that lie in between. */
  readonly sentBytes: number;
  /** Drops every connection at once, as a crash would. */
  crash(): void;
  /** Resolves when no session of the gateway is connected to it. */
  idle(): Promise<void>;
}

/** A client that can do what an honest one would not. */
export interface Wire extends AsyncDisposable {
  /** How one command can travel. */
  readonly ways: readonly string[];
  encode(text: string, way: string): Buffer;
  write(bytes: Buffer): void;
  /** The next whole answer; when the session ends, that is one too. */
  answer(): Promise<Answer>;
  /** Every byte that came back, before any decoding. */
  received(): Buffer;
  stopReading(): void;
  readOn(): void;
  hangUp(): void;
  readonly closed: Promise<void>;
}

export interface Answer {
  readonly ok: boolean;
  /** All that can be read of it: values, errors, hints, notices. */
  readonly text: string;
}

export interface Samples {
  /** Answers with `answer`, and nothing of it is labelled. */
  readonly plain: { readonly text: string; readonly answer: string };
  /** Other harmless commands whose texts differ. */
  readonly others: readonly [string, string, ...string[]];
  /** Changes something when it runs, which `TargetView.hasRun` then sees; `mark` is a word of it that stands nowhere else. */
  readonly denied: { readonly text: string; readonly mark: string };
  /** Commands whose answers hold `secret` unless it is masked: in a value, in an error, in a notice. */
  readonly masked: {
    readonly secret: string;
    readonly value: string;
    readonly error: string;
    readonly notice: string;
  };
  /** A result too big for all the buffers on its way. */
  readonly large: { readonly text: string; readonly bytes: number };
  /** Runs until it is stopped. */
  readonly endless: string;
  /** Messages that the protocol does not have, or that run something past the parser; `mark` stands in the bytes. */
  readonly unknown: readonly { readonly name: string; readonly bytes: Buffer; readonly mark: string }[];
  /** The first bytes of a message over the limit. */
  readonly tooLong: Buffer;
}
