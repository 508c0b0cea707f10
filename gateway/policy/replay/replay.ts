import type { Decision } from '../../contract/decision.ts';
import type { JudgedCommand } from '../../contract/judged.ts';
import { compareDecisions, decisionBits, type Change } from '../compare/compare.ts';
import { commandOf, type Judging } from './judging.ts';

/**
 * What came of deciding again. `same`: to the bit, which proves it also where the recording blanks something that no rule reads. `masked`: a rule reads something that the recording blanks, so that an equal answer is
 * likely and a different one proves nothing.
 */
export type Verdict = 'same' | 'masked' | 'differs';

export interface Replay {
  readonly verdict: Verdict;
  readonly recorded: Decision;
  readonly computed: Decision;
  readonly change: Change;
  /** What the engine reads, as JSON: the facts that its rules use. */
  readonly input: string;
  /** Fields of the command that rules read and the recording blanks. */
  readonly blanked: readonly string[];
  /** Fields that it blanks and no rule reads, by the bundle's manifest: whatever stood there, the answer would be this one. */
  readonly unread: readonly string[];
}
export type Replayed = { readonly ok: true; readonly replay: Replay } | { readonly ok: false; readonly why: string };

/** Decides once more. @param judging the bundle that judged it then */
export function replayJudged(judged: JudgedCommand, judging: Judging): Replayed {
  const read = commandOf(judged);
  if (!read.ok) return read;
  const { command } = read;
  const recorded = judged.decision;
  const computed = judging.decide(judged, command);
  const { frame, requestId, around } = judged;
  const projection = judging.engine.projection(command.protocol);
  const { session, approval } = around;
  const input = projection.whole(frame, command, requestId, { session, now: judging.now, approval });
  const blanked = judging.reads(command, judged.erased);
  const unread = judged.erased.filter((field) => !blanked.includes(field));
  const change = compareDecisions(recorded, computed);
  return {
    ok: true,
    replay: { verdict: verdictOf(recorded, computed, blanked), recorded, computed, change, input, blanked, unread },
  };
}

function verdictOf(recorded: Decision, computed: Decision, blanked: readonly string[]): Verdict {
  if (blanked.length > 0) return 'masked';
  const isSame = recorded.revision === computed.revision && decisionBits(recorded) === decisionBits(computed);
  return isSame ? 'same' : 'differs';
}
