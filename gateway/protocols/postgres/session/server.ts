import { SallyportError } from '../../../contract/errors.ts';
import type { Outcome } from '../../../contract/result.ts';
import type { Wait } from '../../../contract/wait.ts';
import {
  parseCommandComplete,
  parseCopyResponse,
  parseParameterDescription,
  parseReady,
  parseReport,
  parseRowDescription,
  type PgField,
  type ReportFields,
  serverTag,
} from '../codec/backend.ts';
import type { SessionCatalog } from '../catalog/session-catalog.ts';
import type { PgExchange } from '../exchange.ts';
import type { Frame } from '../codec/frames.ts';
import { failureOf, messageOf } from '../codec/errors.ts';
import { applyCompleted } from './effects.ts';
import { type Expected, need, unexpected } from './pipeline.ts';
import { describe } from '../names.ts';
import { columnsOfRow, contractFields, PgRows, rowColumns } from '../results/results.ts';
import { CopyOut } from '../results/copy.ts';
import { copyFields, copyShape } from '../results/copy-shape.ts';
import { takeOwnAnswer, takeOwnRows } from './own.ts';
import { unasked, type UnaskedPorts } from './unasked.ts';

export interface ServerPorts extends UnaskedPorts {
  readonly catalog: SessionCatalog;
  /** The pipeline got shorter, or COPY began. */
  progressed(): void;
}

/** What the upstream's messages answer, one after the other, in the order in which it was asked. */
export class ServerSide {
  readonly #p: ServerPorts;

  constructor(ports: ServerPorts) {
    this.#p = ports;
  }

  /** @param rows how many messages lie in the frame: more than one only for DataRow and CopyData */
  handle(frame: Frame, rows: number): Wait {
    switch (frame.tag) {
      case serverTag.dataRow:
        return this.#dataRows(frame, rows);
      case serverTag.copyData:
        return this.#copyRows(frame, rows);
      case serverTag.notice:
      case serverTag.notification:
      case serverTag.parameterStatus:
        return unasked(frame, this.#p);
      case serverTag.error:
        return this.#error(frame);
      case serverTag.ready:
        return this.#ready(frame);
      default:
        return this.#answer(frame);
    }
  }

  // --- answers --------------------------------------------------------------------------------------------------------------------

  #answer(frame: Frame): Wait {
    const { state } = this.#p;
    const expected = state.pipeline.current;
    if (!expected) throw unexpected(frame, 'nothing');
    switch (expected.kind) {
      case 'parse':
        need(frame, serverTag.parseComplete, expected);
        expected.changes[0].confirm();
        return this.#passAndTake(frame, expected.quiet);
      case 'bind':
        need(frame, serverTag.bindComplete, expected);
        expected.changes[0].confirm();
        return this.#passAndTake(frame, expected.quiet);
      case 'close':
        need(frame, serverTag.closeComplete, expected);
        expected.changes[0].confirm();
        return this.#passAndTake(frame, expected.quiet);
      case 'describe':
        return this.#described(frame, expected);
      case 'empty':
        need(frame, serverTag.emptyQuery, expected);
        return this.#passAndTake(frame);
      case 'query':
      case 'execute':
        return this.#result(frame, expected);
      case 'own':
        if (takeOwnAnswer(expected, frame)) {
          this.#take();
          expected.done(expected.rows);
        }
        return undefined;
      case 'poison':
      case 'sync':
        throw unexpected(frame, expected.kind);
      default:
        return expected satisfies never;
    }
  }

  #described(frame: Frame, expected: Expected & { kind: 'describe' }): Wait {
    const { prepared, own } = expected;
    switch (frame.tag) {
      case serverTag.parameterDescription:
        if (expected.of !== 'statement') throw unexpected(frame, 'a portal’s description');
        if (prepared) prepared.paramTypes = parseParameterDescription(frame);
        if (!own) this.#p.offers.pass(frame);
        return undefined;
      case serverTag.rowDescription:
        if (prepared) describe(prepared, frame);
        break;
      case serverTag.noData:
        if (prepared) prepared.fields = null;
        break;
      default:
        throw unexpected(frame, 'a description');
    }
    if (!own && !(expected.quiet && frame.tag === serverTag.noData)) this.#p.offers.pass(frame);
    this.#take();
    return undefined;
  }

  #result(frame: Frame, expected: Expected & { kind: 'query' | 'execute' }): Wait {
    const { run } = expected;
    switch (frame.tag) {
      case serverTag.rowDescription:
        if (expected.kind !== 'query') throw unexpected(frame, 'the result of an Execute');
        return this.#fields(run, parseRowDescription(frame), frame);
      case serverTag.commandComplete:
        return this.#complete(expected, { ok: true, tag: parseCommandComplete(frame) }, frame);
      case serverTag.emptyQuery:
        return this.#complete(expected, { ok: true, tag: '' }, frame);
      case serverTag.portalSuspended:
        if (expected.kind !== 'execute') throw unexpected(frame, 'the result of a query');
        return this.#complete(expected, { ok: true, tag: 'SUSPENDED' }, frame);
      case serverTag.copyInResponse:
        return this.#copyIn(expected, frame);
      case serverTag.copyOutResponse: {
        const shape = copyShape(run.units[run.index], parseCopyResponse(frame), this.#p.catalog.types);
        run.copyOut = new CopyOut(shape);
        return this.#p.offers.offer(run, { kind: 'fields', fields: copyFields(shape) }, frame);
      }
      case serverTag.copyDone:
        this.#p.offers.pass(frame);
        return undefined;
      default:
        throw unexpected(frame, 'a result');
    }
  }

  #fields(run: PgExchange, described: readonly PgField[], frame: Frame | undefined): Wait {
    const { catalog } = this.#p;
    const unit = run.units[run.index];
    const doubts = unit && catalog.doubts(unit.facts, described);
    const fields = catalog.types.known(described);
    run.columns = run.portal ? rowColumns(fields, run.portal.resultFormats) : fields;
    return this.#p.offers.offer(run, { kind: 'fields', fields: contractFields(fields, doubts) }, frame);
  }

  #dataRows(frame: Frame, rows: number): Wait {
    const expected = this.#p.state.pipeline.current;
    if (expected?.kind === 'own') {
      takeOwnRows(expected, frame, rows);
      return undefined;
    }
    if (expected?.kind !== 'query' && expected?.kind !== 'execute') throw unexpected(frame, 'rows');
    const { run } = expected;
    let wait: Wait;
    if (!run.columns) {
      const known = run.portal?.prepared.fields;
      if (known) wait = this.#fields(run, known, undefined);
    }
    run.columns ??= columnsOfRow(frame, run.portal?.resultFormats ?? []);
    const batch = new PgRows(run.columns, frame.buffer, frame.start, frame.end, rows);
    const offered = this.#p.offers.offer(run, { kind: 'rows', batch }, frame);
    return offered ?? wait;
  }

  #copyRows(frame: Frame, rows: number): Wait {
    const expected = this.#p.state.pipeline.current;
    if (expected?.kind !== 'query' && expected?.kind !== 'execute') throw unexpected(frame, 'COPY data');
    const { copyOut } = expected.run;
    if (!copyOut) throw unexpected(frame, 'a result');
    return this.#p.offers.offer(expected.run, { kind: 'rows', batch: copyOut.next(frame, rows) }, frame);
  }

  #copyIn(expected: Expected & { kind: 'query' | 'execute' }, frame: Frame): Wait {
    const { state } = this.#p;
    parseCopyResponse(frame);
    if (expected.kind === 'execute') state.pipeline.dropLeadingSyncs();
    state.copyIn = true;
    this.#p.offers.pass(frame);
    this.#p.progressed();
    return undefined;
  }

  #complete(expected: Expected & { kind: 'query' | 'execute' }, outcome: Outcome, frame: Frame): Wait {
    const { run } = expected;
    const unit = run.units[run.index];
    if (unit) applyCompleted(this.#p.state, this.#p.catalog, unit);
    const wait = this.#p.offers.offer(run, { kind: 'end', outcome }, frame);
    run.columns = undefined;
    run.copyOut = undefined;
    run.index++;
    if (expected.kind === 'execute') this.#take();
    return wait;
  }

  // --- errors, and the end of a segment -------------------------------------------------------------------------------------------

  #error(frame: Frame): Wait {
    const { state, offers } = this.#p;
    const fields = parseReport(frame);
    const outcome = failureOf(fields);
    const expected = state.pipeline.current;
    state.copyIn = false;
    switch (expected?.kind) {
      case 'query':
        return this.#failRun(expected.run, outcome, frame);
      case 'own':
        // Without a Sync of its own the client's segment is lost with it, and nobody could tell the client so at the right place.
        if (!expected.synced) throw new SallyportError('catalog-unavailable', 'the search path cannot be read');
        expected.failed = true;
        return undefined;
      case 'parse':
      case 'bind':
      case 'describe':
      case 'execute':
      case 'empty':
      case 'close':
      case 'poison':
        return this.#failSegment(expected, outcome, fields, frame);
      case 'sync':
      case undefined:
        return offers.message(messageOf('error', fields), frame);
      default:
        return expected satisfies never;
    }
  }

  /** The rest of a Query message does not run. */
  #failRun(run: PgExchange, outcome: Outcome, frame: Frame): Wait {
    const { offers } = this.#p;
    let wait = offers.offer(run, { kind: 'end', outcome }, frame);
    for (run.index++; run.index < run.units.length; run.index++) wait = offers.notRun(run) ?? wait;
    return wait;
  }

  /** The server skips everything up to the next Sync; whatever we had predicted of it is taken back. */
  #failSegment(expected: Expected, outcome: Outcome, fields: ReportFields, frame: Frame): Wait {
    const { state, offers } = this.#p;
    let wait: Wait;
    if (expected.kind === 'poison') state.toClient.add(expected.error);
    else if (expected.kind === 'execute') wait = this.#failRun(expected.run, outcome, frame);
    else wait = offers.message(messageOf('error', fields), frame);
    const dropped = state.pipeline.dropToSync();
    for (const item of dropped) {
      if ('changes' in item) for (const change of item.changes) change.undo();
      if (item.kind === 'describe' && item.prepared) item.prepared.describedAt = undefined;
      // A Query that was sent without a Sync before it is skipped as well.
      if ((item.kind === 'execute' || item.kind === 'query') && item !== expected)
        for (; item.run.index < item.run.units.length; item.run.index++) wait = offers.notRun(item.run) ?? wait;
    }
    // The server waits for a Sync now, whatever a skipped Query had predicted of its segment: the client's must get there.
    if (state.pipeline.length === 0) state.skipping = state.segmentSent = true;
    this.#p.progressed();
    return wait;
  }

  #ready(frame: Frame): Wait {
    const { state, catalog } = this.#p;
    const status = parseReady(frame);
    const expected = this.#take();
    if (expected?.kind !== 'query' && expected?.kind !== 'sync' && expected?.kind !== 'own')
      throw unexpected(frame, expected?.kind ?? 'nothing');
    if (status === 'I') {
      catalog.end();
      if (state.searchPathDirtyInTransaction) state.searchPathDirty = true;
      state.searchPathDirtyInTransaction = false;
      // What is on its way already may have begun in the old one.
      if (state.pipeline.length === 0 && !state.segmentSent) state.transaction = {};
      // Portals die with their transaction.
      if (expected.kind !== 'own') state.portals.expire((portal) => portal.holdable);
    }
    state.status = status;
    if (expected.kind === 'own') expected.done(expected.failed ? undefined : expected.rows);
    else if (expected.kind === 'query' || !expected.own) this.#p.offers.pass(frame);
    if (expected.kind === 'query') for (const change of expected.changes) change.confirm();
    this.#p.progressed();
    return undefined;
  }

  // --- small parts ----------------------------------------------------------------------------------------------------------------

  #passAndTake(frame: Frame, quiet = false): Wait {
    if (!quiet) this.#p.offers.pass(frame);
    this.#take();
    return undefined;
  }

  #take(): Expected | undefined {
    const { state } = this.#p;
    const taken = state.pipeline.take();
    if (state.pipeline.length === 0) {
      state.barrier = false;
      this.#p.progressed();
    }
    return taken;
  }
}
