import type { BaseLogger } from 'pino';
import type { AuditEvent } from '../contract/event.ts';
import type { HoldId } from '../contract/ids.ts';
import type { Approvals, Audit, Clock, HoldRequest, HoldResolution, OpenHold } from '../contract/ports.ts';
import type { Principal } from '../contract/principal.ts';
import { foldId, mayApprove, mayDeny } from './four-eyes.ts';
import type { NotAllowed } from './four-eyes.ts';
import { isHoldId, newHoldId } from './hold-id.ts';
import { endOfHold, type HoldEnd, type HoldRecord, type HoldStatus } from '../contract/hold.ts';
import type { HoldStore } from './hold-store.ts';
import { Waiting } from './waiting.ts';

/** Humans, as the rest of the gateway sees them: enforcement opens holds, the API decides them. */
export interface ApprovalsRoom extends Approvals, AsyncDisposable {
  /** Newest first. */
  list(status?: HoldStatus, limit?: number): Promise<readonly HoldRecord[]>;
  show(id: string): Promise<HoldRecord | undefined>;
  /** @param digest of what the approver saw; another than the hold's own approves nothing */
  approve(id: string, by: Principal, digest: string, reason: string): Promise<Decided>;
  deny(id: string, by: Principal, reason: string): Promise<Decided>;
}

export type Decided =
  /** `open`: counted, and more approvers are needed. */
  | {
      readonly ok: true;
      readonly status: 'open' | 'approved' | 'refused';
      readonly approvals: number;
      readonly quorum: number;
    }
  | { readonly ok: false; readonly why: NotDecided; readonly message: string };
export type NotDecided = NotAllowed | 'not_found' | 'already_resolved' | 'already_approved' | 'digest_mismatch';

export interface ApprovalsPorts {
  readonly store: HoldStore;
  readonly clock: Clock;
  /** For holds that the last process left open. What becomes of a live one is logged by enforcement. */
  readonly audit: Audit;
  readonly log: Pick<BaseLogger, 'info' | 'warn' | 'error'>;
}

export interface ApprovalsLimits {
  /** Seconds that a hold lives at most, whatever its rule says. */
  readonly maxTtlS: number;
  /** Open holds at once: each keeps a client waiting and asks for somebody's attention. */
  readonly maxOpen: number;
  readonly maxOpenPerPrincipal: number;
}

/** Timers sleep while the machine does, so a hold's end is looked up on the clock, this often at least. */
const lookEveryMs = 5_000;

/**
 * Opens the room and closes what the last process left open: its clients are gone, and an approval must not outlive what it was asked for.
 * @throws SallyportError `store-unavailable` or `audit-unwritable`
 */
export async function openApprovals(ports: ApprovalsPorts, limits: ApprovalsLimits): Promise<ApprovalsRoom> {
  const room = new Room(ports, limits);
  await room.closeOrphans();
  return room;
}

class Room implements ApprovalsRoom {
  readonly #ports: ApprovalsPorts;
  readonly #limits: ApprovalsLimits;
  readonly #waiting = new Map<string, Waiting>();
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: ApprovalsPorts, limits: ApprovalsLimits) {
    this.#ports = ports;
    this.#limits = limits;
  }

  async closeOrphans(): Promise<void> {
    const { store, audit, clock, log } = this.#ports;
    // The log first: a crash in between closes them again, and nothing ends unlogged.
    for (const hold of await store.list('open')) await audit.append(orphaned(hold, clock.now()), 'flushed');
    const closed = await store.orphan(clock.now(), restarted);
    if (closed.length > 0) log.warn({ holds: closed }, 'holds that were open when the gateway stopped are refused');
  }

  async open(request: HoldRequest): Promise<OpenHold> {
    const { store, clock } = this.#ports;
    const nowMs = clock.now();
    const expiresAtMs = nowMs + Math.min(request.terms.ttl_s, this.#limits.maxTtlS) * 1_000;
    const waiting = new Waiting(newHoldId(nowMs), request, expiresAtMs);
    const impossible = this.#whyImpossible(request);
    this.#waiting.set(waiting.id, waiting);
    try {
      await store.insert(waiting.id, request, nowMs, expiresAtMs);
    } catch (error) {
      this.#waiting.delete(waiting.id);
      throw error;
    }
    if (impossible !== undefined) await this.#end(waiting, 'refused', [], impossible);
    this.#watch();
    return {
      id: waiting.id,
      expiresAtMs,
      resolution: (signal) => this.#resolution(waiting, signal),
    };
  }

  list(status?: HoldStatus, limit?: number): Promise<readonly HoldRecord[]> {
    return this.#ports.store.list(status, limit);
  }

  async show(id: string): Promise<HoldRecord | undefined> {
    return isHoldId(id) ? this.#ports.store.get(id) : undefined;
  }

  approve(id: string, by: Principal, digest: string, reason: string): Promise<Decided> {
    return this.#decide(id, async (waiting, hold) => {
      const { terms, frame } = waiting.request;
      const not = mayApprove(by, frame.principal, terms);
      if (not) return no(not);
      // Three digests have to agree: what the approver saw, what the store kept, and what waits in memory.
      if (digest !== waiting.request.digest || hold.digest !== waiting.request.digest) return no('digest_mismatch');
      if (hold.approvals.some(({ approver }) => foldId(approver) === foldId(by.id))) return no('already_approved');
      const added = await this.#ports.store.addApproval(id, by.id, reason, this.#ports.clock.now());
      if (!added.ok) return added.why === 'already-approved' ? no('already_approved') : this.#over(id);
      const approvers = added.approvals.map(({ approver }) => approver);
      const count = { approvals: approvers.length, quorum: terms.quorum };
      if (approvers.length < terms.quorum) return { ok: true, status: 'open', ...count };
      const why = reasonOf(added.approvals);
      const stored = await this.#ports.store.resolve(id, 'approved', approvers, why, this.#ports.clock.now());
      if (!stored) return this.#over(id);
      this.#settle(waiting, {
        outcome: 'approved',
        fact: { id, rules: terms.rules, approvers, scope: terms.scope },
        digest: hold.digest,
        reason: why,
      });
      return { ok: true, status: 'approved', ...count };
    });
  }

  deny(id: string, by: Principal, reason: string): Promise<Decided> {
    return this.#decide(id, async (waiting, hold) => {
      const { terms, frame } = waiting.request;
      const not = mayDeny(by, frame.principal, terms);
      if (not) return no(not);
      await this.#end(waiting, 'refused', [by.id], reason);
      return { ok: true, status: 'refused', approvals: hold.approvals.length, quorum: terms.quorum };
    });
  }

  /** Clients that still wait are refused. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    const open = [...this.#waiting.values()];
    await Promise.all(open.map((waiting) => waiting.inTurn(() => this.#end(waiting, 'orphaned', [], restarted))));
  }

  /** What is wrong with asking at all, in the words that the client gets. */
  #whyImpossible({ terms, frame }: HoldRequest): string | undefined {
    if (terms.groups.length === 0) return 'no group may approve it';
    if (!(terms.quorum >= 1)) return 'the rule asks for no approver';
    if (!(terms.ttl_s > 0)) return 'the rule gives no time to approve it';
    const open = [...this.#waiting.values()];
    if (open.length >= this.#limits.maxOpen) return 'too many commands wait for approval';
    const own = open.filter(({ request }) => request.frame.principal.id === frame.principal.id).length;
    return own >= this.#limits.maxOpenPerPrincipal ? 'too many of your commands wait for approval' : undefined;
  }

  async #decide(id: string, decide: (waiting: Waiting, hold: HoldRecord) => Promise<Decided>): Promise<Decided> {
    const waiting = this.#waiting.get(id);
    if (!waiting) return this.#over(id);
    return waiting.inTurn(async () => {
      if (this.#isLate(waiting)) await this.#end(waiting, 'expired', [], late);
      const hold = await this.#ports.store.get(id);
      if (!hold) return no('not_found');
      if (waiting.isOver || hold.status !== 'open') return this.#over(id);
      return decide(waiting, hold);
    });
  }

  /** Whoever comes late is told what became of it. */
  async #over(id: string): Promise<Decided> {
    const hold = await this.show(id);
    if (!hold) return no('not_found');
    const over = no('already_resolved');
    // Between its end and the store's knowing of it nothing more can be said.
    if (hold.status === 'open' || hold.resolvedAtMs === null) return over;
    const at = new Date(hold.resolvedAtMs).toISOString();
    const became = endOfHold({ status: hold.status, at, by: hold.resolvedBy, reason: hold.reason });
    return { ...over, message: `${over.message}: it ${became}` };
  }

  async #resolution(waiting: Waiting, signal: AbortSignal): Promise<HoldResolution> {
    const cancel = (): void => {
      // A session that was ended says why; a client that cancels or hangs up does not.
      const why = typeof signal.reason === 'string' ? signal.reason : 'the client gave up';
      void waiting.inTurn(() => this.#end(waiting, 'cancelled', [], why));
    };
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    try {
      return await waiting.take();
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** Ends a hold with a no. The waiting client is told even when the store cannot be written: a no needs no proof. */
  async #end(
    waiting: Waiting,
    status: Exclude<HoldEnd, 'approved'>,
    by: readonly string[],
    reason: string,
  ): Promise<void> {
    if (waiting.isOver) return;
    this.#settle(waiting, { outcome: status === 'orphaned' ? 'refused' : status, by, reason });
    try {
      await this.#ports.store.resolve(waiting.id, status, by, reason, this.#ports.clock.now());
    } catch (error) {
      this.#ports.log.error({ hold: waiting.id, status, err: error }, 'the end of a hold could not be stored');
    }
  }

  #settle(waiting: Waiting, resolution: HoldResolution): void {
    this.#waiting.delete(waiting.id);
    waiting.settle(resolution);
  }

  #isLate(waiting: Waiting): boolean {
    return this.#ports.clock.now() >= waiting.expiresAtMs;
  }

  /** Ends what is late, and looks again when the next will be. */
  #watch(): void {
    clearTimeout(this.#timer);
    let next = Infinity;
    for (const waiting of this.#waiting.values()) {
      if (this.#isLate(waiting)) void waiting.inTurn(() => this.#end(waiting, 'expired', [], late));
      else next = Math.min(next, waiting.expiresAtMs);
    }
    if (next === Infinity) return;
    const inMs = Math.min(next - this.#ports.clock.now(), lookEveryMs);
    this.#timer = setTimeout(() => this.#watch(), inMs).unref();
  }
}

const restarted = 'the gateway restarted';
const late = 'nobody decided in time';

/** Of several approvers each has their own. */
function reasonOf(approvals: HoldRecord['approvals']): string {
  const [first, ...more] = approvals;
  if (more.length === 0) return first?.reason ?? '';
  return approvals.flatMap((one) => (one.reason === '' ? [] : [`${one.approver}: ${one.reason}`])).join('; ');
}

function no(why: NotDecided): Extract<Decided, { ok: false }> {
  return { ok: false, why, message: messageOf(why) };
}

function messageOf(why: NotDecided): string {
  switch (why) {
    case 'not_found':
      return 'there is no such hold';
    case 'already_resolved':
      return 'this hold is over';
    case 'already_approved':
      return 'you approved this hold before; it needs somebody else';
    case 'own_request':
      return 'nobody approves their own request, or one made on their behalf';
    case 'not_a_person':
      return "approvals are for people, in person: your token is an agent's, says not that it is a person's, or acts for somebody";
    case 'not_in_group':
      return 'you are in none of the groups that may decide this: "sallyport approvals show" names them';
    case 'digest_mismatch':
      return 'what you approve is not what waits; look at it again';
    default:
      return why satisfies never;
  }
}

function orphaned(hold: HoldRecord, nowMs: number): AuditEvent {
  const id: HoldId = hold.id;
  return {
    type: 'hold.resolved',
    time: new Date(nowMs).toISOString(),
    identity: hold.frame.principal.id,
    session: hold.frame.id,
    request: hold.requestId,
    target: hold.frame.target.name,
    action: hold.actions.join(' '),
    effect: 'refused',
    command: hold.texts.join('; '),
    revision: hold.revision,
    findings: hold.terms.rules,
    detail: { hold: id, digest: hold.digest, by: [], reason: restarted },
  };
}
