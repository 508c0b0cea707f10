import { SallyportError } from '../../contract/errors.ts';
import type { Gate } from '../../contract/gate.ts';
import type { Message, Outcome, ResultPart } from '../../contract/result.ts';
import type { Wait } from '../../contract/wait.ts';
import {
  encodeNotification,
  parseCommandComplete,
  parseCopyResponse,
  parseNotification,
  parseParameterDescription,
  parseParameterStatus,
  parseReady,
  parseReport,
  parseRowDescription,
  type PgField,
  type ReportFields,
  serverTag,
} from './backend.ts';
import type { TargetCatalog } from './catalog.ts';
import type { PgExchange } from './exchange.ts';
import type { Frame } from './frames.ts';
import { messageOf } from './errors.ts';
import { applyCompleted } from './session-effects.ts';
import type { Expected } from './pipeline.ts';
import { describe } from './session-names.ts';
import { columnsOfRow, contractFields, PgRows, rowColumns } from './results.ts';
import { CopyOut } from './results-copy.ts';
import { copyFields, copyShape } from './results-copy-shape.ts';
import { need, readOwnRows, unexpected } from './session-own.ts';
import type { SessionState } from './session-state.ts';

export interface ServerPorts {
  readonly state: SessionState;
  readonly gate: Gate;
  readonly catalog: TargetCatalog;
  /** Settings the gateway pins: any other value ends the session. */
  readonly pinned: ReadonlyMap<string, string>;
  /** The pipeline got shorter, or COPY began. */
  progressed(): void;
}

/** What the upstream's messages answer, one after the other, in the order in which it was asked. */
export class ServerSide {
  readonly #p: ServerPorts;
  /** The part being offered and the bytes it came in: passed on untouched when enforcement gives the same part back. */
  offered: ResultPart | undefined;
  offeredFrame: Frame | undefined;

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
        return this.#anytime(frame);
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
        return this.#passAndTake(frame);
      case 'bind':
        need(frame, serverTag.bindComplete, expected);
        expected.changes[0].confirm();
        return this.#passAndTake(frame);
      case 'close':
        need(frame, serverTag.closeComplete, expected);
        expected.changes[0].confirm();
        return this.#passAndTake(frame);
      case 'describe':
        return this.#described(frame, expected);
      case 'empty':
        need(frame, serverTag.emptyQuery, expected);
        return this.#passAndTake(frame);
      case 'query':
      case 'execute':
        return this.#result(frame, expected);
      case 'own':
        return this.#ownResult(expected, frame);
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
        if (!own) this.#pass(frame);
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
    if (!own) this.#pass(frame);
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
        return this.#offer(run, { kind: 'fields', fields: copyFields(shape) }, frame);
      }
      case serverTag.copyDone:
        this.#pass(frame);
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
    return this.#offer(run, { kind: 'fields', fields: contractFields(fields, doubts) }, frame);
  }

  #dataRows(frame: Frame, rows: number): Wait {
    const expected = this.#p.state.pipeline.current;
    if (expected?.kind === 'own') return this.#ownRow(expected, frame, rows);
    if (expected?.kind !== 'query' && expected?.kind !== 'execute') throw unexpected(frame, 'rows');
    const { run } = expected;
    let wait: Wait;
    if (!run.columns) {
      const known = run.portal?.prepared.fields;
      if (known) wait = this.#fields(run, known, undefined);
    }
    run.columns ??= columnsOfRow(frame, run.portal?.resultFormats ?? []);
    const batch = new PgRows(run.columns, frame.buffer, frame.start, frame.end, rows);
    const offered = this.#offer(run, { kind: 'rows', batch }, frame);
    return offered ?? wait;
  }

  #copyRows(frame: Frame, rows: number): Wait {
    const expected = this.#p.state.pipeline.current;
    if (expected?.kind !== 'query' && expected?.kind !== 'execute') throw unexpected(frame, 'COPY data');
    const { copyOut } = expected.run;
    if (!copyOut) throw unexpected(frame, 'a result');
    return this.#offer(expected.run, { kind: 'rows', batch: copyOut.next(frame, rows) }, frame);
  }

  #copyIn(expected: Expected & { kind: 'query' | 'execute' }, frame: Frame): Wait {
    const { state } = this.#p;
    parseCopyResponse(frame);
    if (expected.kind === 'execute') state.pipeline.dropLeadingSyncs();
    state.copyIn = true;
    this.#pass(frame);
    this.#p.progressed();
    return undefined;
  }

  #complete(expected: Expected & { kind: 'query' | 'execute' }, outcome: Outcome, frame: Frame): Wait {
    const { run } = expected;
    const unit = run.units[run.index];
    if (unit) applyCompleted(this.#p.state, this.#p.catalog, unit);
    const wait = this.#offer(run, { kind: 'end', outcome }, frame);
    run.columns = undefined;
    run.copyOut = undefined;
    run.index++;
    if (expected.kind === 'execute') this.#take();
    return wait;
  }

  // --- errors, and the end of a segment -------------------------------------------------------------------------------------------

  #error(frame: Frame): Wait {
    const { state } = this.#p;
    const fields = parseReport(frame);
    const outcome: Outcome = { ok: false, code: fields.get('C') ?? 'XX000', text: fields.get('M') ?? '' };
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
        return this.#lateError(fields, frame);
      default:
        return expected satisfies never;
    }
  }

  /** The rest of a Query message does not run. */
  #failRun(run: PgExchange, outcome: Outcome, frame: Frame): Wait {
    let wait = this.#offer(run, { kind: 'end', outcome }, frame);
    for (run.index++; run.index < run.units.length; run.index++) wait = this.#notRun(run) ?? wait;
    return wait;
  }

  /** The server skips everything up to the next Sync; whatever we had predicted of it is taken back. */
  #failSegment(expected: Expected, outcome: Outcome, fields: ReportFields, frame: Frame): Wait {
    const { state } = this.#p;
    let wait: Wait;
    if (expected.kind === 'poison') state.toClient.add(expected.error);
    else if (expected.kind === 'execute') wait = this.#failRun(expected.run, outcome, frame);
    else wait = this.#lateError(fields, frame);
    const dropped = state.pipeline.dropToSync();
    for (const item of dropped) {
      if ('changes' in item) for (const change of item.changes) change.undo();
      if (item.kind === 'describe' && item.prepared) item.prepared.describedAt = undefined;
      // A Query that was sent without a Sync before it is skipped as well.
      if ((item.kind === 'execute' || item.kind === 'query') && item !== expected)
        for (; item.run.index < item.run.units.length; item.run.index++) wait = this.#notRun(item.run) ?? wait;
    }
    // The server waits for a Sync now, whatever a skipped Query had predicted of its segment: the client's must get there.
    if (state.pipeline.length === 0) state.skipping = state.segmentSent = true;
    this.#p.progressed();
    return wait;
  }

  #notRun(run: PgExchange): Wait {
    const text = 'not run: an earlier statement failed';
    run.silent = true;
    return this.#offer(run, { kind: 'end', outcome: { ok: false, code: '25P02', text } }, undefined);
  }

  /** An error outside a result: at Parse, Bind or Sync. Under the obligations of what ran last. */
  #lateError(fields: ReportFields, frame: Frame): Wait {
    return this.#offerMessage(messageOf('error', fields), frame);
  }

  #ready(frame: Frame): Wait {
    const { state, catalog } = this.#p;
    const status = parseReady(frame);
    const expected = this.#take();
    if (expected?.kind !== 'query' && expected?.kind !== 'sync' && expected?.kind !== 'own')
      throw unexpected(frame, expected?.kind ?? 'nothing');
    if (status === 'I') {
      if (state.schemaDirty) catalog.invalidate();
      state.schemaDirty = false;
      if (state.searchPathDirtyInTransaction) state.searchPathDirty = true;
      state.searchPathDirtyInTransaction = false;
      // Portals die with their transaction.
      if (expected.kind !== 'own') state.portals.expire((portal) => portal.holdable);
    }
    state.status = status;
    if (expected.kind === 'own') expected.done(expected.failed ? undefined : expected.rows);
    else if (expected.kind === 'query' || !expected.own) this.#pass(frame);
    if (expected.kind === 'query') for (const change of expected.changes) change.confirm();
    this.#p.progressed();
    return undefined;
  }

  // --- what may come at any time --------------------------------------------------------------------------------------------------

  #anytime(frame: Frame): Wait {
    switch (frame.tag) {
      case serverTag.parameterStatus: {
        const { name, value } = parseParameterStatus(frame);
        const pinned = this.#p.pinned.get(name);
        if (pinned !== undefined && pinned !== value)
          throw new SallyportError('protocol-violation', `${name} became ${value}: what was parsed would not be run`);
        this.#pass(frame);
        return undefined;
      }
      case serverTag.notification: {
        const { processId, channel, payload } = parseNotification(frame);
        const message: Message = { severity: 'notification', code: channel, text: payload };
        const passed = this.#p.gate.loose({ kind: 'message', message });
        if (passed?.kind !== 'message') return undefined;
        if (passed.message === message) this.#pass(frame);
        else this.#p.state.toClient.add(encodeNotification(processId, channel, passed.message.text));
        return undefined;
      }
      default:
        return this.#offerMessage(messageOf('notice', parseReport(frame)), frame);
    }
  }

  #offerMessage(message: Message, frame: Frame): Wait {
    const { state, gate } = this.#p;
    const expected = state.pipeline.current;
    if (expected?.kind === 'own') return undefined;
    const run = expected?.kind === 'query' || expected?.kind === 'execute' ? expected.run : state.last;
    if (run && run.travel !== 'own') return this.#offer(run, { kind: 'message', message }, frame);
    const part: ResultPart = { kind: 'message', message };
    if (gate.loose(part) === part) this.#pass(frame);
    return undefined;
  }

  // --- the gateway's own queries --------------------------------------------------------------------------------------------------

  #ownResult(expected: Expected & { kind: 'own' }, frame: Frame): Wait {
    switch (frame.tag) {
      case serverTag.parseComplete:
      case serverTag.bindComplete:
      case serverTag.commandComplete:
        return undefined;
      case serverTag.closeComplete:
        if (--expected.closes > 0 || expected.synced) return undefined;
        this.#take();
        expected.done(expected.rows);
        return undefined;
      default:
        throw unexpected(frame, 'the answer to the gateway’s own query');
    }
  }

  #ownRow(expected: Expected & { kind: 'own' }, frame: Frame, rows: number): Wait {
    for (const row of readOwnRows(frame, rows)) expected.rows.push([...row]);
    return undefined;
  }

  // --- small parts ----------------------------------------------------------------------------------------------------------------

  /** Offers a part to enforcement, which calls back with what may be said. */
  #offer(run: PgExchange, part: ResultPart, frame: Frame | undefined): Wait {
    this.offered = part;
    this.offeredFrame = frame;
    const wait = run.deliver(part);
    this.offered = this.offeredFrame = undefined;
    return wait;
  }

  #pass(frame: Frame): void {
    this.#p.state.toClient.add(frame.buffer, frame.start, frame.end);
  }

  #passAndTake(frame: Frame): Wait {
    this.#pass(frame);
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
