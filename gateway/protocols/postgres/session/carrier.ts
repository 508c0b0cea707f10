import type { Denial, HoldNotice } from '../../../contract/exchange.ts';
import type { ResultPart } from '../../../contract/result.ts';
import type { SessionFrame } from '../../../contract/ports.ts';
import { both, type Wait } from '../../../contract/wait.ts';
import { encodeCommandComplete, encodeReady } from '../codec/backend.ts';
import type { SessionCatalog } from '../catalog/session-catalog.ts';
import { denialReport, encodeError, encodeNotice, holdReport, type Report } from '../codec/errors.ts';
import type { Carrier, PgExchange, Travel } from '../exchange.ts';
import { encodeClientMessage } from '../codec/frontend.ts';
import { applySent } from './effects.ts';
import type { Change, Portal, Prepared } from '../names.ts';
import type { Offers } from './offers.ts';
import type { SessionState } from './state.ts';

export interface CarrierPorts {
  readonly state: SessionState;
  readonly catalog: SessionCatalog;
  /** Whose session it is. */
  readonly frame: SessionFrame;
  readonly offers: Offers;
  /** Bytes for the client that cannot wait for the end of the turn. */
  flushClient(): void;
  /** Ends the session with this error. */
  fatal(report: Report): void;
  held(x: PgExchange | undefined): void;
}

/** A Parse that the server must refuse: nothing is named by it, nothing runs, and its error puts the transaction where a refusal would. */
const refusedParse = { type: 'parse', text: 'denied by policy', parameterTypes: [] } as const;
const poison = encodeClientMessage({ ...refusedParse, statement: 'sallyport denied' });
const unnamedPoison = encodeClientMessage({ ...refusedParse, statement: '' });
const sync = encodeClientMessage({ type: 'sync' });
const flush = encodeClientMessage({ type: 'flush' });

/** Puts what enforcement says on the wire, in PostgreSQL's words. */
export class PgCarrier implements Carrier {
  readonly #p: CarrierPorts;

  constructor(ports: CarrierPorts) {
    this.#p = ports;
  }

  send(x: PgExchange): Wait {
    const { state } = this.#p;
    this.#p.held(undefined);
    // An earlier message of the segment failed while this one waited for a human: the server would skip it.
    if (state.skipping && x.travel !== 'own') return this.#p.offers.notRun(x);
    const wait = x.travel === 'declare' ? undefined : this.#follow(x);
    return wait ? wait.then(() => this.#pass(x)) : this.#pass(x);
  }

  /** Labels go first: the copy must never be there without them. */
  #follow(x: PgExchange): Wait {
    const { catalog, frame } = this.#p;
    let wait: Wait;
    for (const [i, { facts }] of x.units.entries()) {
      if (facts.copies.length === 0) continue;
      const by = { session: frame.id, identity: frame.principal.id, request: x.requestIds[i] ?? '' };
      wait = both(wait, catalog.follow(facts.copies, by));
    }
    return wait;
  }

  #pass(x: PgExchange): Wait {
    const { state, catalog } = this.#p;
    const { buffer, start, end } = x.frame;
    state.segmentSent = true;
    switch (x.travel) {
      case 'declare': {
        const { prepared } = x;
        if (!prepared) throw new TypeError('a declaration without a statement');
        const change = state.statements.predict(prepared.name, prepared, state.segment);
        state.toServer.add(buffer, start, end);
        state.pipeline.push({ kind: 'parse', changes: [change], quiet: state.quiet });
        return undefined;
      }
      case 'execute':
        state.last = x;
        this.#describeFirst(x);
        for (const unit of x.units) applySent(state, catalog, unit, true);
        state.toServer.add(buffer, start, end);
        state.pipeline.push({ kind: 'execute', run: x });
        // The server holds its answer back until a Sync or Flush; what comes next has to wait for it.
        if (state.barrier) state.toServer.add(flush);
        return undefined;
      case 'query':
      case 'own':
        state.last = x;
        for (const unit of x.units) applySent(state, catalog, unit, false);
        state.toServer.add(buffer, start, end);
        state.pipeline.push({ kind: 'query', run: x, changes: this.#unnamedGone() });
        state.segment++;
        state.segmentSent = false;
        return undefined;
      default:
        return x.travel satisfies never;
    }
  }

  deny(x: PgExchange, denial: Denial): void {
    this.#p.held(undefined);
    const report = denialReport(denial);
    if (report.severity === 'FATAL') this.#p.fatal(report);
    else this.fail(x.travel, report, x.prepared?.name);
  }

  /**
   * Answers with an error and leaves the transaction as the server would have, had the error been its own. When something is in flight or a
   * transaction is open, only the server can do that: it gets a Parse that fails, and its error is replaced by ours.
   * @param declared what a Parse would have declared: even one that fails drops the unnamed statement
   */
  fail(travel: Travel, report: Report, declared?: string): void {
    const { state } = this.#p;
    const error = encodeError(report);
    const simple = travel === 'query' || travel === 'own';
    const alone = state.pipeline.length === 0 && !state.segmentSent && state.status !== 'T';
    if (alone) {
      state.toClient.add(error);
      if (simple) state.toClient.add(encodeReady(state.status));
      else state.skipping = true;
      if (declared === '') state.statements.forget('');
      return;
    }
    state.segmentSent = true;
    state.toServer.add(declared === '' ? unnamedPoison : poison);
    state.pipeline.push({ kind: 'poison', error });
    if (simple) {
      state.toServer.add(sync);
      state.pipeline.push({ kind: 'sync', own: false });
      state.segment++;
      state.segmentSent = false;
    } else state.skipping = true;
  }

  holding(x: PgExchange, notice: HoldNotice): void {
    this.#p.held(x);
    if (x.travel === 'own') return;
    this.#p.state.toClient.add(encodeNotice(holdReport(notice)));
    this.#p.flushClient();
  }

  reply(x: PgExchange, i: number, part: ResultPart): void {
    if (x.silent || x.travel === 'own' || x.travel === 'declare') return;
    const { state, offers } = this.#p;
    if (offers.passUntouched(part)) return;
    const { toClient } = state;
    switch (part.kind) {
      case 'fields':
        throw new TypeError('enforcement never reshapes fields');
      case 'bytes':
      case 'copy':
      case 'content':
      case 'screen':
        throw new TypeError('a database answers in rows');
      case 'rows':
        toClient.add(part.batch.wire());
        return;
      case 'message': {
        const { severity, code, text } = part.message;
        const report = { sqlstate: code, message: text };
        toClient.add(
          severity === 'error'
            ? encodeError({ ...report, severity: 'ERROR' })
            : encodeNotice({ ...report, severity: 'NOTICE' }),
        );
        return;
      }
      case 'end':
        toClient.add(
          part.outcome.ok
            ? encodeCommandComplete(part.outcome.tag)
            : encodeError({ severity: 'ERROR', sqlstate: part.outcome.code, message: part.outcome.text }),
        );
        return;
      default:
        part satisfies never;
    }
  }

  /** Half a result has gone out and the rest must not: nothing but the end of the session is honest now. */
  breakOff(_x: PgExchange, denial: Denial): void {
    this.#p.fatal({ ...denialReport(denial), severity: 'FATAL' });
  }

  /**
   * Rows under a label need their types to be masked, and what the analysis says of rows needs its second witness: where the client has not
   * asked for a description since the catalog changed, one is asked for it.
   */
  #describeFirst(x: PgExchange): void {
    const { state, catalog } = this.#p;
    const prepared = x.portal?.prepared;
    if (!x.portal || !prepared) return;
    // What stands behind EXECUTE and FETCH may have changed since they were described.
    const lasting = x.portal.reading.unit !== undefined;
    // A description already asked for in this pipeline will be there before the first row is.
    if (lasting && prepared.describedAt === catalog.epoch) return;
    if (!catalog.wantsDescription || !x.units.some((unit) => unit.facts.output.length > 0)) return;
    prepared.describedAt = catalog.epoch;
    const what = lasting ? 'statement' : 'portal';
    const { name } = lasting ? prepared : x.portal;
    state.toServer.add(encodeClientMessage({ type: 'describe', what, name }));
    state.pipeline.push({ kind: 'describe', of: what, prepared, own: true, quiet: true });
  }

  /** A simple Query drops the unnamed statement and portal. */
  #unnamedGone(): readonly [Change<Prepared>, Change<Portal>] {
    const { statements, portals, segment } = this.#p.state;
    return [statements.predict('', undefined, segment), portals.predict('', undefined, segment)];
  }
}
