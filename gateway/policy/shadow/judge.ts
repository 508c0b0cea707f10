import type { Decided } from '../../contract/decided.ts';
import type { Decision } from '../../contract/decision.ts';
import type { SessionId } from '../../contract/ids.ts';
import type { Policy, PolicySession } from '../../contract/ports.ts';
import { compareDecisions, type Change } from '../compare/compare.ts';
import { refusals } from '../engine/refusals.ts';

export type Judgement =
  | { readonly ok: true; readonly decision: Decision; readonly change: Change }
  | { readonly ok: false; readonly why: string };

/** Sessions whose caches are kept. One that comes back later starts with an empty one. */
const maxSessions = 500;

/** Judges decisions again, by another policy. */
export class ShadowJudge implements Disposable {
  readonly #policy: Policy;
  readonly #sessions = new Map<SessionId, PolicySession>();
  /** Both sides cache their decisions, so the same two meet again and again. */
  readonly #compared = new WeakMap<Decision, WeakMap<Decision, Change>>();

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  judge({ frame, command, key, requestId, around, decision }: Decided): Judgement {
    const { session, approval } = around;
    const shadow = this.#sessionOf(frame).decide(command, key, requestId, session, approval);
    const why = refusalOf(shadow);
    if (why !== undefined && refusalOf(decision) !== why) return { ok: false, why };
    return { ok: true, decision: shadow, change: this.#change(decision, shadow) };
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions.values()) session[Symbol.dispose]();
    this.#sessions.clear();
  }

  #sessionOf(frame: Decided['frame']): PolicySession {
    const known = this.#sessions.get(frame.id);
    const session = known ?? this.#policy.openSession(frame);
    // Last used goes last: the first is the one to forget.
    this.#sessions.delete(frame.id);
    this.#sessions.set(frame.id, session);
    for (const [id, oldest] of this.#sessions) {
      if (this.#sessions.size <= maxSessions) break;
      this.#sessions.delete(id);
      oldest[Symbol.dispose]();
    }
    return session;
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
