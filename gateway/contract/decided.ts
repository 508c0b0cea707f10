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

/** Whether a value that carries a label could stand in the command's own words. */
export function mayHoldLabels(command: Command): boolean {
  if (command.labels.length > 0 || !command.analysis.complete) return true;
  if (command.protocol !== 'postgres') return false;
  const { relations, output, filters } = command;
  return [relations, output, filters].some((facts) => facts.some(({ labels }) => labels.length > 0));
}

/**
 * The command's text for those who see more than one session. A statement does not say which of its literals belongs to which column:
 * where it touches labels at all, or was not seen through, all of them are blanked.
 */
export function textForOthers({ command, texts }: Pick<Decided, 'command' | 'texts'>): string {
  return mayHoldLabels(command) ? texts.outline : texts.text;
}
