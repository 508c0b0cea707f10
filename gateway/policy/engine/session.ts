import type { ApprovalFact, Command, Entrypoint, NowFacts, SessionFacts } from '../../contract/command.ts';
import type { Decision } from '../../contract/decision.ts';
import type { RequestId } from '../../contract/ids.ts';
import type { PolicySession, SessionFrame } from '../../contract/ports.ts';
import type { Engine, Part } from './engine.ts';
import { partNames, type Circumstances, type Projection } from './projection.ts';
import { Recent } from './recent.ts';
import { Refusal, refuse } from './refusals.ts';

/** Decisions remembered in each of the two generations of a session's cache. */
const cachedDecisions = 128;

/** The longest facts that are worth a place in the cache by facts, in characters. */
const maxFacts = 4_096;

/** What sessions need of the room around them. */
export interface Surroundings {
  /** The engine in force. */
  engine(): Engine;
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** The current minute as facts. */
  now(): NowFacts;
  /** Something that a client is told only in outline. */
  failed(error: unknown): void;
}

/** Decides for one session. After a bundle change it starts afresh with the new engine, between two commands. */
export class WasmSession implements PolicySession {
  readonly #frame: SessionFrame;
  readonly #around: Surroundings;
  readonly #cache = new Recent<Decision>(cachedDecisions);
  readonly #byFacts = new Recent<Decision>(cachedDecisions);
  #bound: Binding | undefined;
  #closed = false;
  minuteMs = 0;

  constructor(frame: SessionFrame, around: Surroundings) {
    this.#frame = frame;
    this.#around = around;
  }

  decide(
    command: Command,
    key: string,
    requestId: RequestId,
    session: SessionFacts,
    approval?: ApprovalFact,
  ): Decision {
    let engine: Engine | undefined;
    try {
      const now = this.#around.now();
      this.minuteMs = now.unix_ms;
      engine = this.#around.engine();
      if (this.#closed) throw new Refusal('SP-001', 'the session is over');
      if (engine.expiresAtMs <= this.#around.nowMs()) throw new Refusal('SP-005');
      const around = { session, now, approval };
      if (isCallOnce(command.protocol)) return this.#decideOnce(engine, command, requestId, around);
      return this.#decideCached(this.#bind(engine, command.protocol), command, key, requestId, around);
    } catch (error) {
      this.#around.failed(error);
      return refuse(error, engine?.revision);
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#unbind();
  }

  /** Admission and calls of the API come once in a session: nothing of them is kept. */
  #decideOnce(engine: Engine, command: Command, requestId: RequestId, around: Circumstances): Decision {
    const projection = engine.projection(command.protocol);
    const text = engine.evaluate(command.protocol, projection.whole(this.#frame, command, requestId, around), []);
    return engine.answers.read(text, requestId, around.approval);
  }

  #decideCached(bound: Binding, command: Command, key: string, requestId: RequestId, around: Circumstances): Decision {
    const { projection } = bound;
    const cacheKey = projection.key(key, command, around);
    const known = cacheKey === undefined ? undefined : this.#cache.get(cacheKey);
    if (known !== undefined) return known;
    const facts = projection.facts(command, around);
    const decision = this.#sameFacts(facts) ?? this.#evaluate(bound, facts, requestId, around);
    if (cacheKey !== undefined) this.#cache.set(cacheKey, decision);
    if (around.approval === undefined && facts.length <= maxFacts) this.#byFacts.set(facts, decision);
    return decision;
  }

  /** Another text with the same facts: statements that differ in literals no rule reads. A decision after an approval is never kept. */
  #sameFacts(facts: string): Decision | undefined {
    return facts.length <= maxFacts ? this.#byFacts.get(facts) : undefined;
  }

  #evaluate(
    { engine, projection, entrypoint, parts }: Binding,
    facts: string,
    requestId: RequestId,
    around: Circumstances,
  ) {
    const text = engine.evaluate(entrypoint, projection.inputOf(requestId, facts), parts);
    return engine.answers.read(text, requestId, around.approval);
  }

  #bind(engine: Engine, entrypoint: Entrypoint): Binding {
    if (this.#bound?.engine === engine && this.#bound.entrypoint === entrypoint) return this.#bound;
    this.#unbind();
    const projection = engine.projection(entrypoint);
    const parts = partNames.flatMap((name) => {
      const json = projection.part(name, this.#frame);
      return json === undefined ? [] : [engine.retain(name, json)];
    });
    this.#bound = { engine, entrypoint, projection, parts };
    return this.#bound;
  }

  #unbind(): void {
    for (const part of this.#bound?.parts ?? []) this.#bound?.engine.release(part);
    this.#bound = undefined;
    this.#cache.clear();
    this.#byFacts.clear();
  }
}

/** A session's hold on one engine: valid until the next bundle. */
interface Binding {
  readonly engine: Engine;
  readonly entrypoint: Entrypoint;
  readonly projection: Projection;
  readonly parts: readonly Part[];
}

/** Whether such a command comes once in a session: nothing of it is worth remembering. */
export function isCallOnce(entrypoint: Entrypoint): boolean {
  switch (entrypoint) {
    case 'session':
    case 'admin':
      return true;
    case 'postgres':
    case 'ssh':
      return false;
    default:
      return entrypoint satisfies never;
  }
}
