import type { Decision } from '../../contract/decision.ts';
import type { JudgedCommand } from '../../contract/judged.ts';
import { compareDecisions, decisionBits, type Change } from '../compare/compare.ts';
import { commandOf, type Judging } from './judging.ts';

/**
 * What came of deciding again. `same`: to the bit. `masked`: a rule reads something that the recording blanks, so that an equal answer is
 * likely and a different one proves nothing.
 */
export type Verdict = 'same' | 'masked' | 'differs';

export interface Replay {
  readonly verdict: Verdict;
  readonly then: Decision;
  readonly now: Decision;
  readonly change: Change;
  /** What the engine reads, as JSON: the facts that its rules use. */
  readonly input: string;
  /** Fields of the command that rules read and the recording blanks. */
  readonly blanked: readonly string[];
}
export type Replayed = { readonly ok: true; readonly replay: Replay } | { readonly ok: false; readonly why: string };

/** Decides once more. @param judging the bundle that judged it then */
export function replayJudged(judged: JudgedCommand, judging: Judging): Replayed {
  const read = commandOf(judged);
  if (!read.ok) return read;
  const { command } = read;
  const then = judged.decision;
  const now = judging.decide(judged, command);
  const { frame, requestId, around } = judged;
  const projection = judging.engine.projection(command.protocol);
  const { session, approval } = around;
  const input = projection.whole(frame, command, requestId, { session, now: judging.now, approval });
  const blanked = judged.erased.filter((field) => projection.readsCommand(field));
  const change = compareDecisions(then, now);
  return { ok: true, replay: { verdict: verdictOf(then, now, blanked), then, now, change, input, blanked } };
}

function verdictOf(then: Decision, now: Decision, blanked: readonly string[]): Verdict {
  const isSame = then.revision === now.revision && decisionBits(then) === decisionBits(now);
  if (blanked.length > 0) return 'masked';
  return isSame ? 'same' : 'differs';
}
