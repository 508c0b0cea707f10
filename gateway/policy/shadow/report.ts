import { type Decided, textForOthers } from '../../contract/decided.ts';
import type { Decision } from '../../contract/decision.ts';
import type { Change, Direction } from '../compare/compare.ts';

/** What came of a sample: how the two decisions differ, or why there is nothing to compare. */
export const outcomes = ['same', 'reworded', 'tightened', 'loosened', 'mixed', 'failed', 'dropped'] as const;
export type ShadowOutcome = (typeof outcomes)[number];
true satisfies Direction extends ShadowOutcome ? true : never;

/** Commands that change in the same way for the same reason. */
export interface ShadowGroup {
  readonly change: Direction;
  /** What took effect, and what would have. */
  readonly from: Decision['effect'];
  readonly to: Decision['effect'];
  readonly loosened: readonly string[];
  readonly tightened: readonly string[];
  readonly rules: readonly string[];
  readonly principal: string;
  readonly target: string;
  /** Of the statement; of a log-in or a call of the API its action. */
  readonly fingerprint: string;
  readonly count: number;
  /** RFC 3339. */
  readonly first: string;
  readonly last: string;
  /** A few of them; texts with what may hold a labelled value blanked. */
  readonly examples: readonly { readonly request: string; readonly session: string; readonly text: string }[];
}

/** What one shadow bundle would have done instead of one bundle in force. */
export interface ShadowCounts {
  readonly since: string;
  readonly outcomes: { readonly [outcome in ShadowOutcome]: number };
  /** Time that judging took, in seconds. */
  readonly seconds: number;
  /** Why the last one of those that failed did; empty when none did. */
  readonly failure: string;
  /** The most frequent first. */
  readonly groups: readonly ShadowGroup[];
  /** Commands that change and are in no group, because there are too many groups. */
  readonly ungrouped: number;
}

const maxGroups = 1_000;
const maxExamples = 3;
const maxTextLength = 500;

type Open<T> = { -readonly [K in keyof T]: T[K] };

/** Counts differences, bounded whatever happens. */
export class ShadowTally {
  readonly #since: string;
  readonly #outcomes = { same: 0, reworded: 0, tightened: 0, loosened: 0, mixed: 0, failed: 0, dropped: 0 };
  readonly #groups = new Map<string, Open<ShadowGroup>>();
  #failure = '';
  #ungrouped = 0;
  #seconds = 0;

  constructor(nowMs: number) {
    this.#since = rfc3339(nowMs);
  }

  /** @returns whether it is the first of its group */
  compared(decided: Decided, shadow: Decision, change: Change): boolean {
    this.#outcomes[change.direction]++;
    return change.direction !== 'same' && this.#grouped(decided, shadow, change);
  }

  failed(why: string): void {
    this.#outcomes.failed++;
    this.#failure = why;
  }

  dropped(): void {
    this.#outcomes.dropped++;
  }

  took(seconds: number): void {
    this.#seconds += seconds;
  }

  counts(maxListed: number): ShadowCounts {
    const groups = [...this.#groups.values()].sort((a, b) => b.count - a.count).slice(0, maxListed);
    return {
      since: this.#since,
      outcomes: { ...this.#outcomes },
      seconds: this.#seconds,
      failure: this.#failure,
      groups: groups.map((group) => ({ ...group, examples: [...group.examples] })),
      ungrouped: this.#ungrouped,
    };
  }

  #grouped(decided: Decided, shadow: Decision, { direction, loosened, tightened, rules }: Change): boolean {
    const { command, decision, frame, requestId, atMs } = decided;
    const fingerprint = command.protocol === 'postgres' ? command.fingerprint : command.action;
    const [principal, target] = [frame.principal.id, frame.target.name];
    const key = JSON.stringify([direction, loosened, tightened, rules, principal, target, fingerprint]);
    const at = rfc3339(atMs);
    const example = { request: requestId, session: frame.id, text: textForOthers(decided).slice(0, maxTextLength) };
    const known = this.#groups.get(key);
    if (known) {
      known.count++;
      known.last = at;
      if (known.examples.length < maxExamples) known.examples = [...known.examples, example];
      return false;
    }
    if (this.#groups.size >= maxGroups) {
      this.#ungrouped++;
      return false;
    }
    this.#groups.set(key, {
      change: direction,
      from: decision.effect,
      to: shadow.effect,
      loosened,
      tightened,
      rules,
      principal,
      target,
      fingerprint,
      count: 1,
      first: at,
      last: at,
      examples: [example],
    });
    return true;
  }
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
