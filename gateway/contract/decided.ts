import type { Command } from './command.ts';
import type { Decision, Effect } from './decision.ts';
import type { OutlinedTexts } from './exchange.ts';
import type { RequestId } from './ids.ts';
import type { DecidedAround, SessionFrame } from './ports.ts';

/**
 * A decision that was recorded and takes effect, with all that it was made from: for what watches beside the data path.
 * Nothing in it changes afterwards, so it may be kept and looked at later.
 */
export interface Decided {
  readonly frame: SessionFrame;
  readonly requestId: RequestId;
  readonly command: Command;
  /** Names the command's facts as it did for `PolicySession.decide`. */
  readonly key: string;
  readonly around: DecidedAround;
  readonly decision: Decision;
  /** What took effect: the strongest answer of all that travelled together. */
  readonly effect: Effect;
  /** What of the command may be shown: `command` itself holds secrets and labelled values. */
  readonly texts: Pick<OutlinedTexts, 'text' | 'params' | 'outline'>;
  /** When it was asked for, milliseconds since the epoch. */
  readonly atMs: number;
  /** How long policy took to answer. */
  readonly tookMs: number;
}

/** Told of every decision. Returns at once, never throws, and changes nothing. */
export type Witness = (decided: Decided) => void;
