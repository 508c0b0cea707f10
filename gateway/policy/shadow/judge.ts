import type { Decided } from '../../contract/decided.ts';
import type { Decision } from '../../contract/decision.ts';
import { asId, type Revision, type SessionId } from '../../contract/ids.ts';
import { compareDecisions, type Change } from '../compare/compare.ts';
import { nowFacts } from '../engine/now.ts';
import { partNames } from '../engine/projection.ts';
import { Recent } from '../engine/recent.ts';
import { Refusal, refusals, refuse } from '../engine/refusals.ts';
import { isCallOnce } from '../engine/session.ts';
import type { TrialThread } from './thread.ts';

export type Judgement =
  | { readonly ok: true; readonly decision: Decision; readonly change: Change }
  | { readonly ok: false; readonly why: string };

/** Sessions whose caches are kept. One that comes back later starts with an empty one. */
const maxSessions = 500;
/** Decisions remembered in each of the two generations of each of a session's caches, as for the policy in force. */
const cachedDecisions = 128;
/** The longest facts that are worth a place in the cache by facts, in characters. */
const maxFacts = 4_096;

interface Remembered {
  readonly byKey: Recent<Decision>;
  readonly byFacts: Recent<Decision>;
  readonly parts: readonly (readonly [name: string, json: string])[];
}

/**
 * Judges decisions again, by bundles on trial. What it has seen before costs a look-up here; only what it has not goes to their thread.
 * Nothing in this thread depends on what their rules do.
 */
export class ShadowJudge {
  readonly #trial: TrialThread;
  readonly #sessions = new Map<SessionId, Remembered>();
  /** Both sides cache their decisions, so the same two meet again and again. */
  readonly #compared = new WeakMap<Decision, WeakMap<Decision, Change>>();

  constructor(trial: TrialThread) {
    this.#trial = trial;
  }

  /**
   * @param judged told at once or later; undefined when there will be no answer
   * @returns false when there is no room to ask
   */
  judge(decided: Decided, judged: (judgement: Judgement | undefined) => void): boolean {
    const { frame, command, key, requestId, around, decision } = decided;
    const { session, approval, minuteMs } = around;
    const answer = (shadow: Decision) => judged(this.#judgement(decision, shadow));
    const { opened } = this.#trial;
    if (opened.expiresAtMs <= minuteMs) {
      answer(refuse(new Refusal('SP-005'), asId<Revision>(opened.revision)));
      return true;
    }
    const projection = this.#trial.projection(command.protocol);
    const circumstances = { session, approval, now: nowFacts(minuteMs) };
    const ask = (input: string, remember: (shadow: Decision) => void) => {
      const question = { entrypoint: command.protocol, requestId, input, approval };
      return this.#trial.ask(question, (shadow) => {
        if (shadow === undefined) return judged(undefined);
        if (refusalOf(shadow) === undefined) remember(shadow);
        answer(shadow);
      });
    };
    if (isCallOnce(command.protocol)) {
      return ask(projection.whole(frame, command, requestId, circumstances), () => undefined);
    }
    const remembered = this.#of(decided);
    const cacheKey = projection.key(key, command, circumstances);
    const same = cacheKey === undefined ? undefined : remembered.byKey.get(cacheKey);
    if (same) {
      answer(same);
      return true;
    }
    const facts = projection.facts(command, circumstances);
    const keep = (shadow: Decision) => {
      if (cacheKey !== undefined) remembered.byKey.set(cacheKey, shadow);
      if (approval === undefined && facts.length <= maxFacts) remembered.byFacts.set(facts, shadow);
    };
    const alike = facts.length <= maxFacts ? remembered.byFacts.get(facts) : undefined;
    if (alike) {
      keep(alike);
      answer(alike);
      return true;
    }
    return ask(projection.inputOf(requestId, facts, remembered.parts), keep);
  }

  #of({ frame, command }: Decided): Remembered {
    const known = this.#sessions.get(frame.id) ?? {
      byKey: new Recent<Decision>(cachedDecisions),
      byFacts: new Recent<Decision>(cachedDecisions),
      parts: partNames.flatMap((name) => {
        const json = this.#trial.projection(command.protocol).part(name, frame);
        return json === undefined ? [] : [[name, json] as const];
      }),
    };
    // Last used goes last: the first is the one to forget.
    this.#sessions.delete(frame.id);
    this.#sessions.set(frame.id, known);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > maxSessions && oldest !== undefined) this.#sessions.delete(oldest);
    return known;
  }

  #judgement(before: Decision, shadow: Decision): Judgement {
    const why = refusalOf(shadow);
    if (why !== undefined && refusalOf(before) !== why) return { ok: false, why };
    return { ok: true, decision: shadow, change: this.#change(before, shadow) };
  }

  #change(before: Decision, after: Decision): Change {
    const known = this.#compared.get(before)?.get(after);
    if (known) return known;
    const change = compareDecisions(before, after);
    const row = this.#compared.get(before) ?? new WeakMap<Decision, Change>();
    this.#compared.set(before, row.set(after, change));
    return change;
  }
}

/** What the engine itself says when it could not judge: that is no decision of the policy's. */
function refusalOf({ findings }: Decision): string | undefined {
  const [first, ...others] = findings;
  if (!first || others.length > 0 || !Object.hasOwn(refusals, first.id)) return undefined;
  return `${first.msg} [${first.id}]`;
}
