import type { ApprovalFact } from '../contract/command.ts';
import type { ApprovalTerms, Decision } from '../contract/decision.ts';
import type { Denial, Exchange } from '../contract/exchange.ts';
import type { RequestId } from '../contract/ids.ts';
import type { Approvals, Audit, HoldResolution, Recorder, SessionFrame } from '../contract/ports.ts';
import { approvedTexts } from './approved-texts.ts';
import { denial, holdReason } from './denials.ts';
import type { sessionEvents } from './events.ts';
import { holdDigest, holdNotice, mergedTerms } from './hold.ts';
import { firstOf, type Judged } from './judged.ts';

export interface HoldPorts {
  readonly approvals: Approvals;
  readonly audit: Audit;
  readonly recorder: Pick<Recorder, 'hold'>;
}

/** What people said to an exchange that waited for them. */
export type Answer =
  { readonly ok: true; readonly fact: ApprovalFact } | { readonly ok: false; readonly denial: Denial };

/** What of a session waits for people: each hold goes to the log and the recording when it opens and when it ends. */
export class Holds {
  readonly #frame: SessionFrame;
  readonly #ports: HoldPorts;
  readonly #event: ReturnType<typeof sessionEvents>;
  readonly #ending: AbortSignal;
  /** Approvals given for the whole session. */
  readonly #granted: ApprovalFact[] = [];

  /** @param ending cancels what waits */
  constructor(frame: SessionFrame, ports: HoldPorts, event: ReturnType<typeof sessionEvents>, ending: AbortSignal) {
    this.#frame = frame;
    this.#ports = ports;
    this.#event = event;
    this.#ending = ending;
  }

  /**
   * Tells the client, and waits for people.
   * @throws what the log, the recording or the store of holds throws: then nothing may run
   */
  async answer(x: Exchange, judged: readonly Judged[]): Promise<Answer> {
    const held = judged.find((j) => j.decision.effect === 'require_approval') ?? firstOf(judged);
    const { requestId, decision } = held;
    const decisions = judged.map((j) => j.decision);
    const terms = mergedTerms(decisions);
    if (!terms) {
      const message = 'denied: no group may approve all of these statements together';
      const hint = 'Send them one by one.';
      return { ok: false, denial: denial('approval_impossible', message, requestId, decision, hint) };
    }
    const digest = holdDigest(this.#frame, x, decision.revision);
    const resolution = await this.#resolution(x, held, terms, holdReason(decisions), digest);
    if (resolution.outcome !== 'approved') return { ok: false, denial: notApproved(resolution, requestId, decision) };
    if (resolution.digest === digest) return { ok: true, fact: resolution.fact };
    const message = 'denied: the approval is for something else';
    return { ok: false, denial: denial('approval_impossible', message, requestId, decision) };
  }

  async #resolution(
    x: Exchange,
    { requestId, decision: { revision } }: Judged,
    terms: ApprovalTerms,
    reason: string,
    digest: string,
  ): Promise<HoldResolution> {
    const texts = approvedTexts(x);
    const { approvals, audit, recorder } = this.#ports;
    const open = await approvals.open({
      frame: this.#frame,
      requestId,
      commands: x.commands,
      texts,
      digest,
      terms,
      messages: [reason],
      revision,
    });
    const about = { request: requestId, action: x.commands[0].action, command: texts.join('; '), revision };
    const asked = { hold: open.id, digest, groups: terms.groups, quorum: terms.quorum };
    await audit.append(this.#event('hold.opened', { ...about, effect: 'require_approval', detail: asked }), 'flushed');
    recorder.hold(requestId, { id: open.id });
    const told = x.holding(holdNotice(open, requestId, reason, terms));
    if (told) await told;
    const resolution = await open.resolution(AbortSignal.any([x.signal, this.#ending]));
    const by = resolution.outcome === 'approved' ? resolution.fact.approvers : resolution.by;
    const { outcome: effect, reason: why } = resolution;
    const detail = { hold: open.id, digest, by, reason: why };
    await audit.append(this.#event('hold.resolved', { ...about, effect, detail }), 'flushed');
    recorder.hold(requestId, { id: open.id, resolution: effect, by });
    return resolution;
  }

  /** An approval released something: one for the whole session counts from now on. */
  keep(fact: ApprovalFact): void {
    if (fact.scope === 'session') this.#granted.push(fact);
  }

  /** The approval that was given for the whole session and is all that a command waits for. */
  grantFor(decision: Decision): ApprovalFact | undefined {
    const { approval } = decision;
    if (decision.effect !== 'require_approval' || !approval || approval.scope !== 'session') return undefined;
    return this.#granted.find((fact) => approval.rules.every((rule) => fact.rules.includes(rule)));
  }
}

function notApproved(
  { outcome, by, reason }: Exclude<HoldResolution, { outcome: 'approved' }>,
  requestId: RequestId,
  decision: Decision,
): Denial {
  const whom = by.length > 0 ? ` by ${by.join(', ')}` : '';
  const why = reason === '' ? '' : `: ${reason}`;
  return denial(`approval_${outcome}`, `approval ${outcome}${whom}${why}`, requestId, decision);
}
