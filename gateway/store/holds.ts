import type { Kysely } from 'kysely';
import type { ApprovalTerms } from '../contract/decision.ts';
import type { HoldApproval, HoldEnd, HoldRecord, HoldStatus } from '../contract/hold.ts';
import type { HoldId } from '../contract/ids.ts';
import { asId } from '../contract/ids.ts';
import type { HoldRequest, SessionFrame } from '../contract/ports.ts';
import type { HoldRow, Schema } from './schema.ts';

/** `open`: counted. Every other answer changed nothing. */
export type AddApproval =
  | { readonly ok: true; readonly approvals: readonly HoldApproval[] }
  | { readonly ok: false; readonly why: 'unknown' | 'resolved' | 'expired' | 'already-approved' };

/** Holds: who waits, and what became of it. An open hold is resolved once; whoever comes second is told so. */
export class HoldStore {
  readonly #db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async insert(id: HoldId, request: HoldRequest, openedAtMs: number, expiresAtMs: number): Promise<void> {
    const { frame, terms } = request;
    await this.#db
      .insertInto('holds')
      .values({
        id,
        session: frame.id,
        request: request.requestId,
        requester: frame.principal.id,
        target: frame.target.name,
        frame: JSON.stringify(frame),
        actions: JSON.stringify(request.commands.map((command) => command.action)),
        texts: JSON.stringify(request.texts),
        messages: JSON.stringify(request.messages),
        digest: request.digest,
        terms: JSON.stringify(terms),
        revision: request.revision,
        opened_ms: openedAtMs,
        expires_ms: expiresAtMs,
        status: 'open',
      })
      .execute();
  }

  async get(id: string): Promise<HoldRecord | undefined> {
    const row = await this.#db.selectFrom('holds').selectAll().where('id', '=', id).executeTakeFirst();
    return row && readHold(row, await this.#approvals(id));
  }

  /** Newest first. */
  async list(status?: HoldStatus, limit = 1000): Promise<readonly HoldRecord[]> {
    let query = this.#db
      .selectFrom('holds')
      .selectAll()
      .orderBy('opened_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(limit);
    if (status) query = query.where('status', '=', status);
    const rows = await query.execute();
    return Promise.all(rows.map(async (row) => readHold(row, await this.#approvals(row.id))));
  }

  /** Counts one approver towards the quorum. Who may approve is not asked here: that is the approvals room's duty. */
  async addApproval(id: string, approver: string, reason: string, nowMs: number): Promise<AddApproval> {
    return this.#db.transaction().execute(async (tx) => {
      const hold = await tx
        .selectFrom('holds')
        .select(['status', 'expires_ms'])
        .where('id', '=', id)
        .executeTakeFirst();
      if (!hold) return { ok: false, why: 'unknown' };
      if (hold.status !== 'open') return { ok: false, why: 'resolved' };
      if (hold.expires_ms <= nowMs) return { ok: false, why: 'expired' };
      const added = await tx
        .insertInto('hold_approvals')
        .values({ hold: id, approver, reason, at_ms: nowMs })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (added.numInsertedOrUpdatedRows === 0n) return { ok: false, why: 'already-approved' };
      return { ok: true, approvals: await approvalsOf(tx, id) };
    });
  }

  /** @returns false when the hold is unknown or was resolved before: then nothing changed */
  async resolve(id: string, status: HoldEnd, by: readonly string[], reason: string, nowMs: number): Promise<boolean> {
    const done = await this.#db
      .updateTable('holds')
      .set({ status, resolved_ms: nowMs, resolved_by: JSON.stringify(by), reason })
      .where('id', '=', id)
      .where('status', '=', 'open')
      .executeTakeFirst();
    return done.numUpdatedRows === 1n;
  }

  /** Closes every open hold whose time is over. @returns their ids */
  async expire(nowMs: number): Promise<readonly HoldId[]> {
    const rows = await this.#db
      .updateTable('holds')
      .set({ status: 'expired', resolved_ms: nowMs, reason: 'nobody decided in time' })
      .where('status', '=', 'open')
      .where('expires_ms', '<=', nowMs)
      .returning('id')
      .execute();
    return rows.map((row) => asId<HoldId>(row.id));
  }

  /** For the start of the gateway: whoever waited in the last process waits no more. @returns the ids */
  async orphan(nowMs: number, reason = 'the gateway restarted'): Promise<readonly HoldId[]> {
    const rows = await this.#db
      .updateTable('holds')
      .set({ status: 'orphaned', resolved_ms: nowMs, reason })
      .where('status', '=', 'open')
      .returning('id')
      .execute();
    return rows.map((row) => asId<HoldId>(row.id));
  }

  #approvals(id: string): Promise<readonly HoldApproval[]> {
    return approvalsOf(this.#db, id);
  }
}

async function approvalsOf(db: Kysely<Schema>, hold: string): Promise<readonly HoldApproval[]> {
  const rows = await db
    .selectFrom('hold_approvals')
    .select(['approver', 'reason', 'at_ms'])
    .where('hold', '=', hold)
    .orderBy('at_ms')
    .orderBy('approver')
    .execute();
  return rows.map((row) => ({ approver: row.approver, reason: row.reason, atMs: row.at_ms }));
}

/** The JSON columns were written by `insert` and `resolve` above, from values of the types they are read as. */
function readHold(row: HoldRow, approvals: readonly HoldApproval[]): HoldRecord {
  return {
    id: asId<HoldId>(row.id),
    frame: JSON.parse(row.frame) as SessionFrame, // written by insert
    requestId: row.request,
    actions: JSON.parse(row.actions) as readonly string[], // written by insert
    texts: JSON.parse(row.texts) as readonly string[], // written by insert
    messages: JSON.parse(row.messages) as readonly string[], // written by insert
    digest: row.digest,
    terms: JSON.parse(row.terms) as ApprovalTerms, // written by insert
    revision: row.revision,
    openedAtMs: row.opened_ms,
    expiresAtMs: row.expires_ms,
    status: row.status,
    approvals,
    resolvedAtMs: row.resolved_ms,
    resolvedBy: JSON.parse(row.resolved_by) as readonly string[], // written by resolve
    reason: row.reason,
  };
}
