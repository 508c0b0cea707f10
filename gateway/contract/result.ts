import type { ColumnMasks, ValueShape } from './mask.ts';

/** One piece of a result on its way to the client: released only by `enforce/`, in order. */
export type ResultPart =
  /** The shape of the rows that follow, always before the first `rows` of a command when it has any. */
  | { readonly kind: 'fields'; readonly fields: readonly Field[] }
  | { readonly kind: 'rows'; readonly batch: RowBatch }
  /** A piece of a stream that has no rows: what a program prints, and what it is given. */
  | { readonly kind: 'bytes'; readonly stream: ByteStream; readonly bytes: Buffer }
  /**
   * A piece of a file that is masked as a whole before anything of it is read: all of them, in order, from its first byte on. What comes back is
   * one part with the whole masked copy, as long as the file, and of it alone `content` may be read then.
   */
  | { readonly kind: 'copy'; readonly bytes: Buffer; readonly isLast: boolean }
  /** A piece of a file. Its digest is recorded, and none of its bytes. */
  | { readonly kind: 'content'; readonly direction: Direction; readonly offset: number; readonly bytes: Buffer }
  /** The terminal that the stream is for: before its first piece, and when its size changes. */
  | { readonly kind: 'screen'; readonly screen: Screen }
  /** Text that may hold data: notices, errors, notifications. */
  | { readonly kind: 'message'; readonly message: Message }
  /** The command is over. */
  | { readonly kind: 'end'; readonly outcome: Outcome };

export const byteStreams = ['stdin', 'stdout', 'stderr', 'carried'] as const;
/** `stdin` goes to the target, the others come from it. `carried`: of a connection that is only passed on; recordings have its digest. */
export type ByteStream = (typeof byteStreams)[number];

export const directions = ['in', 'out'] as const;
/** `in`: to the target. `out`: from it. */
export type Direction = (typeof directions)[number];

/** What went of a file, as far as it went in one piece. */
export interface ContentRange {
  readonly direction: Direction;
  readonly offset: number;
  readonly bytes: number;
  /** Of these bytes, in hex. */
  readonly sha256: string;
  /** Pieces here and there, from `offset` on: `bytes` and `sha256` are those of all of them in the order in which they went. */
  readonly scattered: boolean;
}

/** What of one command reached the client. */
export interface Sent {
  readonly rows: number;
  readonly bytes: number;
  /** What went of files. */
  readonly contents?: readonly ContentRange[];
  /** Places that leave hidden, by the mask that found them: `{ "detector:card": 2 }`. One that several found counts for each. */
  readonly hidden?: { readonly [label: string]: number };
}

/** Sizes are in characters. */
export interface Screen {
  readonly cols: number;
  readonly rows: number;
  /** The value of TERM: `xterm-256color`. */
  readonly term: string;
}

export interface Field {
  readonly name: string;
  readonly shape: ValueShape;
  /**
   * Set where the target's own description of the result contradicts the analysis of the command: the column may be anything that the command
   * could reach. Lists the labels that the target's word adds; none where it only says that the column is another one.
   */
  readonly doubt?: readonly string[];
}

/** Rows as the adapter holds them. Enforcement reshapes them without knowing the wire format. Immutable. */
export interface RowBatch {
  readonly rows: number;
  readonly bytes: number;
  /** The same rows with those columns masked. @throws MaskImpossible when a row does not have the promised shape */
  masked(masks: ColumnMasks): RowBatch;
  /** The first `n` rows. */
  first(n: number): RowBatch;
  /** Rows in text form for the recording, until `maxBytes` are used up. */
  texts(maxBytes: number): readonly (readonly (string | null)[])[];
  /** What goes over the wire: for digests. */
  wire(): Buffer;
}

export interface Message {
  /** `log`: of the target's own work, such as files it made on the way, and meant for its log. */
  readonly severity: 'error' | 'notice' | 'log' | 'notification';
  /** The protocol's code: SQLSTATE. */
  readonly code: string;
  readonly text: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly about?: FailureSubject;
}

/** What the target itself says an error is about: a place in the command's text, before anything ran, or a rule of a table that a row breaks. */
export type FailureSubject = 'text' | 'table';

export type Outcome =
  | { readonly ok: true; /** What the server called it: `SELECT 3`. */ readonly tag: string }
  | {
      readonly ok: false;
      readonly code: string;
      readonly text: string;
      readonly about?: FailureSubject;
    };

/** A row that cannot be masked is not sent: the exchange ends with a refusal. */
export class MaskImpossible extends Error {
  override readonly name = 'MaskImpossible';
}
