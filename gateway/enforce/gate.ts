import { type ApprovalFact, lookupsOf } from '../contract/command.ts';
import type { Witness } from '../contract/decided.ts';
import type { Effect } from '../contract/decision.ts';
import type { Denial, Exchange } from '../contract/exchange.ts';
import type { Gate } from '../contract/gate.ts';
import type { RequestId } from '../contract/ids.ts';
import { mintPermit } from '../contract/permit.ts';
import type {
  Approvals,
  Audit,
  Clock,
  Masks,
  Notify,
  PolicySession,
  Recorder,
  SessionFrame,
} from '../contract/ports.ts';
import type { ResultPart, Sent } from '../contract/result.ts';
import { both, type Wait } from '../contract/wait.ts';
import { Delivery, hasMasks, Tallies } from './delivery.ts';
import { denial } from './denials.ts';
import { findingIds, sessionEvents } from './events.ts';
import { type Answer, Holds } from './holds.ts';
import { denialOfAll, effectOf, firstOf, type Judged } from './judged.ts';
import type { LookUps } from './look-ups.ts';
import { obligationsOfAll } from './obligations.ts';
import { Release } from './release.ts';
import { SessionTally } from './session-tally.ts';

export interface GatePorts {
  readonly policy: PolicySession;
  readonly audit: Audit;
  readonly recorder: Recorder;
  readonly approvals: Approvals;
  readonly masks: Masks;
  readonly notify: Notify;
  readonly clock: Clock;
  readonly nextId: () => RequestId;
  /** Of all sessions. */
  readonly lookUps: LookUps;
  /** Told of each decision that takes effect, once it is recorded. */
  readonly decided: Witness;
}

/**
 * Every command of every protocol goes through these lines, in this order: decide, record, then deny, hold or release; and each part of a
 * result: obligations, record, reply. Nothing here knows a wire format, and no adapter sees a decision.
 */
export class SessionGate implements Gate {
  readonly frame: SessionFrame;
  readonly #ports: GatePorts;
  readonly #event: ReturnType<typeof sessionEvents>;
  readonly #session: SessionTally;
  readonly #holds: Holds;
  readonly #ending = new AbortController();
  readonly #tallies = new Tallies();
  #masksSeen = false;
  /** Transactions that changed something under masks. */
  readonly #quoting = new WeakSet<object>();
  /** What was released and has not ended. */
  readonly #running = new Set<Release>();
  #over: Promise<void> | undefined;

  constructor(frame: SessionFrame, ports: GatePorts) {
    this.frame = frame;
    this.#ports = ports;
    this.#event = sessionEvents(frame, () => ports.clock.now());
    this.#session = new SessionTally(frame, ports.lookUps);
    this.#holds = new Holds(frame, ports, this.#event, this.ending);
  }

  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Ends the session at once, whatever runs or waits: nothing outlives what it was let in by. @param reason a sentence for the client */
  terminate(reason: string): void {
    this.#ending.abort(reason);
  }

  offer(x: Exchange): Wait {
    const judged = this.#judge(x);
    const ended = this.#endedDenial(judged[0]);
    if (ended) return x.deny(ended);
    const effect = effectOf(x, judged);
    this.#count(x, judged, effect);
    return this.#afterRecording(x, judged, effect, () => this.#act(x, judged, effect));
  }

  declare(x: Exchange): Wait {
    const judged = this.#judge(x);
    const ended = this.#endedDenial(judged[0]);
    if (ended) return x.deny(ended);
    // Only the no takes effect now; what may run, or may run with an approval, is recorded when it is offered.
    const effect = effectOf(x, judged);
    if (effect !== 'deny') return x.forward(this.#permit(x, judged), () => undefined);
    return this.#afterRecording(x, judged, effect, () => this.#deny(x, judged));
  }

  loose(part: ResultPart): ResultPart | undefined {
    if (part.kind !== 'message' || this.#isOverheard(part)) return undefined;
    if (!this.#masksSeen || part.message.severity !== 'notification') return part;
    // A payload that somebody else wrote cannot be traced to a column: under masks only its arrival is told.
    return { kind: 'message', message: { ...part.message, text: '' } };
  }

  refused(why: string, text: string): Wait {
    this.#session.denied();
    const event = this.#event('refused', { action: 'unknown', effect: 'refused', command: text, detail: { why } });
    return this.#ports.audit.append(event, 'written');
  }

  end(reason: string): Promise<void> {
    this.#over ??= this.#close(reason);
    return this.#over;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('closed');
  }

  // --- the walk -------------------------------------------------------------------------------------------------------------------

  #judge(x: Exchange, approval?: ApprovalFact): readonly Judged[] {
    let lookups = 0;
    return x.commands.map((command, i) => {
      const requestId = this.#ports.nextId();
      const atMs = this.#ports.clock.now();
      const session = this.#session.factsFor(command, lookups, atMs);
      lookups += lookupsOf(command);
      const startMs = performance.now();
      const decide = (fact: ApprovalFact | undefined) =>
        this.#ports.policy.decide(command, x.key(i), requestId, session, fact);
      const first = decide(approval);
      const grant = approval ? undefined : this.#holds.grantFor(first);
      const decision = grant ? decide(grant) : first;
      const tookMs = performance.now() - startMs;
      const { minuteMs } = this.#ports.policy;
      return { requestId, decision, around: { session, minuteMs, approval: approval ?? grant }, atMs, tookMs };
    });
  }

  /** What runs is counted before anything else is judged, whatever it waits for until then; what is refused has looked nothing up. */
  #count(x: Exchange, judged: readonly Judged[], effect: Effect): void {
    if (effect === 'deny' || effect === 'require_approval') return;
    for (const [i, command] of x.commands.entries()) this.#session.looksUp(lookupsOf(command), judged[i]?.atMs ?? 0);
  }

  /** Records the decisions; only then goes on. What cannot be recorded does not run. */
  #afterRecording(x: Exchange, judged: readonly Judged[], effect: Effect, next: () => Wait): Wait {
    let written: Wait;
    try {
      written = this.#record(x, judged, effect);
    } catch (error) {
      return this.#notRecorded(x, judged, error);
    }
    return written ? written.then(next, (error: unknown) => this.#notRecorded(x, judged, error)) : next();
  }

  #record(x: Exchange, judged: readonly Judged[], effect: Effect): Wait {
    let wait: Wait;
    for (const [i, one] of judged.entries()) {
      const { requestId, decision, around } = one;
      const command = x.commands[i] ?? x.commands[0];
      const { action } = command;
      const texts = x.recordText(i);
      const { text, params, facts, place, erased } = texts;
      const event = this.#event('decision', {
        request: requestId,
        action,
        // What takes effect for this command: the strongest answer of all that travel together.
        effect,
        command: text,
        revision: decision.revision,
        findings: findingIds(decision),
        detail: decision.effect === effect ? {} : { own_effect: decision.effect },
      });
      const flush = effect !== 'deny' && x.changes(i);
      wait = both(wait, this.#ports.audit.append(event, flush ? 'flushed' : 'written'));
      const key = x.key(i);
      this.#ports.recorder.command({ requestId, text, params, facts, place, erased, key, action, decision, around });
      for (const f of decision.findings) if (f.channel !== undefined) this.#ports.notify.send(f.channel, event);
      this.#ports.decided({ ...one, frame: this.frame, command, key, effect, texts });
    }
    return wait;
  }

  #act(x: Exchange, judged: readonly Judged[], effect: Effect): Wait {
    switch (effect) {
      case 'deny':
        return this.#deny(x, judged);
      case 'require_approval':
        return this.#hold(x, judged);
      case 'mask':
      case 'allow':
        return this.#release(x, judged);
      default:
        return effect satisfies never;
    }
  }

  #deny(x: Exchange, judged: readonly Judged[]): Wait {
    this.#session.denied();
    return x.deny(denialOfAll(x, judged));
  }

  #release(x: Exchange, judged: readonly Judged[]): Wait {
    const released = judged.map(({ decision: own, requestId }, i) => {
      const decision = x.results === 'rows' ? own : obligationsOfAll(own, judged);
      const command = x.commands[i] ?? x.commands[0];
      this.#session.released(command);
      this.#masksSeen ||= hasMasks(decision);
      const { transaction } = x;
      if (transaction && hasMasks(decision) && x.changes(i)) this.#quoting.add(transaction);
      const quotes = (): boolean => transaction !== undefined && this.#quoting.has(transaction);
      const delivery = new Delivery(command, decision, this.#ports.masks, x.tally(i), this.#tallies, quotes);
      return { delivery, requestId, decision };
    });
    const release = new Release(x, released, {
      recorder: this.#ports.recorder,
      returned: (rows) => this.#session.returned(rows),
      logContents: (i, requestId, sent) => this.#logContents(x, i, requestId, sent),
      over: (one) => void this.#running.delete(one),
    });
    this.#running.add(release);
    return x.forward(this.#permit(x, judged), (i, part) =>
      this.#isOverheard(part) ? undefined : release.deliver(i, part),
    );
  }

  /**
   * What the target says of its own work comes when it likes: the size of a file that rows were sorted in, when the cursor over them is closed.
   * Settings decide from which size on, so that there is such a message tells as much as its text.
   */
  #isOverheard(part: ResultPart): boolean {
    return this.#masksSeen && part.kind === 'message' && part.message.severity === 'log';
  }

  #logContents(x: Exchange, i: number, request: RequestId, { contents = [], hidden }: Sent): Wait {
    const { action } = x.commands[i] ?? x.commands[0];
    const detail = { contents: contents.map((range) => ({ ...range })), ...(hidden && { hidden }) };
    const event = this.#event('file.content', { request, action, effect: 'ok', command: x.recordText(i).text, detail });
    return this.#ports.audit.append(event, 'written');
  }

  // --- holds ----------------------------------------------------------------------------------------------------------------------

  async #hold(x: Exchange, judged: readonly Judged[]): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#holds.answer(x, judged);
    } catch (error) {
      return this.#notRecorded(x, judged, error);
    }
    if (answer.ok) return this.#again(x, answer.fact);
    this.#session.denied();
    return x.deny(answer.denial);
  }

  /** Policy is asked again, with the approval as a fact: rules may have changed during the wait. */
  #again(x: Exchange, fact: ApprovalFact): Wait {
    const judged = this.#judge(x, fact);
    const ended = this.#endedDenial(judged[0]);
    if (ended) return x.deny(ended);
    const effect = effectOf(x, judged);
    this.#count(x, judged, effect);
    return this.#afterRecording(x, judged, effect, () => {
      if (effect === 'require_approval') {
        const { requestId, decision } = firstOf(judged);
        const message = 'denied: policy asks for yet another approval';
        return x.deny(denial('approval_impossible', message, requestId, decision));
      }
      this.#holds.keep(fact);
      return this.#act(x, judged, effect);
    });
  }

  // --- small parts ----------------------------------------------------------------------------------------------------------------

  #permit(x: Exchange, judged: readonly Judged[]) {
    return mintPermit(
      x.commands,
      judged.map((j) => j.requestId),
      {
        judgesLines: judged.some(({ decision }) => decision.limits.unjudged_lines !== undefined),
        masksContents:
          x.results === 'contents' && judged.some(({ decision }) => Object.keys(decision.masks).length > 0),
      },
    );
  }

  #endedDenial(judged: Judged | undefined): Denial | undefined {
    if (!this.#ending.signal.aborted || !judged) return undefined;
    return denial('session_ended', String(this.#ending.signal.reason), judged.requestId, judged.decision);
  }

  #notRecorded(x: Exchange, judged: readonly Judged[], error: unknown): Wait {
    const { requestId, decision } = firstOf(judged);
    const why = error instanceof Error ? error.message : String(error);
    const hint = 'Nothing was run. The gateway refuses everything until it can record again.';
    return x.deny(denial('not_recorded', `not recorded: ${why}`, requestId, decision, hint));
  }

  async #close(reason: string): Promise<void> {
    this.#ending.abort(reason);
    this.#ports.policy[Symbol.dispose]();
    try {
      for (const release of this.#running) release.brokenOff(reason);
      await this.#ports.recorder.close(reason);
    } finally {
      const { commands, rows_returned, denials } = this.#session.facts;
      const detail = { reason, commands, rows_returned, denials };
      await this.#ports.audit.append(
        this.#event('session.end', { action: 'disconnect', effect: 'ok', detail }),
        'written',
      );
    }
  }
}
