import type { Command } from './command.ts';
import type { HoldId, RequestId, Revision } from './ids.ts';
import type { Permit } from './permit.ts';
import type { ResultPart } from './result.ts';
import type { Wait } from './wait.ts';

/**
 * What travels together on its way through, with the handles to answer it. An adapter offers exchanges; `enforce/` owns the order.
 * Every handle is synchronous where nothing has to be waited for.
 */
export interface Exchange {
  readonly commands: readonly [Command, ...Command[]];
  /**
   * `rows`: each command has a result of its own. `stream`: all of them together print one stream of bytes, which is command 0's result;
   * it carries the obligations of every one of them, masks by detector and pattern among them, and neither other masks nor a limit of rows.
   * `contents`: pieces of files, which carry a limit of bytes, and masks by detector and pattern where `canMaskContents` says so. `carried`: one
   * stream that is somebody else's protocol; it is counted, and carries no mask at all. `elsewhere`: what it prints belongs to another exchange,
   * and it carries nothing.
   */
  readonly results: 'rows' | 'stream' | 'contents' | 'carried' | 'elsewhere';
  /** Whether what it starts can be made to ask about each line that it is given: a limit of `unjudged_lines` to 0. */
  readonly canJudgeLines?: boolean;
  /** Whether the file that it opens is only read, so that a masked copy can stand in its place. */
  readonly canMaskContents?: boolean;
  /** Names command `i`'s facts for the decision cache; see `PolicySession.decide`. */
  key(i: number): string;
  /** Whether command `i` changes something: its decision is flushed to disk before it takes effect. */
  changes(i: number): boolean;
  /** Limits count over everything that shares this object: the pieces in which a portal or cursor is fetched. */
  tally(i: number): object;
  /**
   * The transaction that it runs in, where the target has some: what one command of it did may be spoken of at the end of any later one, by checks and
   * triggers that wait until then. Another object for each; the same one for two that nobody can tell apart is safe.
   */
  readonly transaction?: object;
  /** Command `i` as log and recording may have it. */
  recordText(i: number): OutlinedTexts;
  /** Says no in the protocol's own words. The session lives on. */
  deny(denial: Denial): Wait;
  /** Tells a waiting client what it waits for. May be silent where the protocol has no way to say it. */
  holding(hold: HoldNotice): Wait;
  /** Aborts when the client gives up on this command (hang-up, cancel request). */
  readonly signal: AbortSignal;
  /**
   * Redeems the permit and sends upstream. Each part of each command's result goes to `deliver(i, part)` in order;
   * when that returns a promise, the adapter reads no more from upstream until it resolves.
   */
  forward(permit: Permit, deliver: Deliver): Wait;
  /** Sends one part, as enforcement left it, to the client. The promise, if any, resolves when the client's socket can take more. */
  reply(i: number, part: ResultPart): Wait;
  /** A part cannot be released (mask impossible, recorder down): ends the exchange with this error and lets nothing of the rest through. */
  breakOff(denial: Denial): Wait;
}

/** A command with secrets and labelled literals blanked, wherever they stood: all that log and recording ever get of it. */
export interface CommandTexts {
  readonly text: string;
  readonly params: readonly (string | null)[];
  /** What else policy reads of the command. The same object, or an equal one, under the same key (`Exchange.key`). */
  readonly facts: object;
  /** What differs from one command to the next under one key, parameters aside: its transaction, its place in a batch. */
  readonly place: object;
  /** Names of the command's fields in which this is not what policy read. */
  readonly erased: readonly string[];
}

/** The same for those who see more than one session's commands. */
export interface OutlinedTexts extends CommandTexts {
  /** The text with every literal and comment blanked, whatever it may belong to. */
  readonly outline: string;
}

/** @param i which command of the exchange the part answers */
export type Deliver = (i: number, part: ResultPart) => Wait;

export const denialCodes = [
  'policy', // a rule said no, or no rule said yes
  'approval_refused',
  'approval_expired',
  'approval_cancelled',
  'approval_impossible', // policy asks for one where none can be given (e.g. twice)
  'limit', // what was released has used up what policy gave it: it is ended
  'not_recorded', // the log or the recording cannot be written: nothing runs
  'obligation', // a mask or limit that this result cannot carry
  'policy_unavailable', // no bundle, or the engine threw
  'session_ended', // token or admission is over
] as const;
export type DenialCode = (typeof denialCodes)[number];

/** A no, as the client may read it. */
export interface Denial {
  readonly code: DenialCode;
  /** One sentence, with the finding's id in square brackets where there is one. */
  readonly message: string;
  readonly hint?: string;
  readonly requestId: RequestId;
  readonly revision: Revision;
}

/** What a waiting client is told. */
export interface HoldNotice {
  readonly id: HoldId;
  readonly requestId: RequestId;
  /** What it waits for, in one sentence with the finding's id. */
  readonly message: string;
  readonly groups: readonly string[];
  readonly expiresAtMs: number;
  /** A command line that an approver can paste. */
  readonly how: string;
}
