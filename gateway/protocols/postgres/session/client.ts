import type { PostgresCommand } from '../../../contract/command-postgres.ts';
import { SallyportError } from '../../../contract/errors.ts';
import type { Wait } from '../../../contract/wait.ts';
import { encodeBare, encodeReady } from '../codec/backend.ts';
import { type Carrier, PgExchange, type Travel } from '../exchange.ts';
import type { Frame } from '../codec/frames.ts';
import { clientTag, parseBind, parseClientMessage, parseExecute, sqlOfParse, sqlOfQuery } from '../codec/frontend.ts';
import { commandOf, type NameView, unitOfPortal, unitsOfQuery } from '../normalize.ts';
import { paramTexts } from './params.ts';
import type { Portal, Prepared } from '../names.ts';
import { isParted, partsOf } from './parted.ts';
import { Readings } from './reading.ts';
import { error } from './refusal.ts';
import { type ReaderPorts, StatementReader } from './statements.ts';
import type { Unit } from '../unit.ts';

/** Each is kept here with its facts, as the server keeps it with its plan. */
const maxStatements = 10_000;

export interface ClientPorts extends ReaderPorts {
  readonly carrier: Carrier;
  /** Resolves when the upstream asks for COPY data or owes no answer any more. */
  copyingOrDrained(): Promise<void>;
  /** The client said goodbye. What comes behind it is not read. */
  leave(): Wait;
}

/** What the client's messages mean, one after the other. The next one is looked at when the wait of the one before is over. */
export class ClientSide {
  readonly #p: ClientPorts;
  readonly #readings: Readings;
  readonly #reader: StatementReader;

  constructor(ports: ClientPorts) {
    this.#p = ports;
    this.#readings = new Readings(ports.state, ports.catalog);
    this.#reader = new StatementReader(ports, this.#readings);
  }

  /** @param live the framer: what has to outlive this call takes a `snapshot` of it */
  handle(live: Frame): Wait {
    const { state } = this.#p;
    if (live.tag === clientTag.terminate) return this.#p.leave();
    if (state.copyIn) return this.#duringCopy(live);
    if (state.skipping && live.tag !== clientTag.sync) return undefined;
    switch (live.tag) {
      case clientTag.query:
        return this.#query(snapshot(live));
      case clientTag.parse:
        return this.#parse(snapshot(live));
      case clientTag.bind:
        return this.#bind(snapshot(live));
      case clientTag.describe:
      case clientTag.close:
        return this.#describeOrClose(snapshot(live));
      case clientTag.execute:
        return this.#execute(snapshot(live));
      case clientTag.sync:
        return this.#sync(live);
      case clientTag.flush:
        parseClientMessage(live);
        state.toServer.add(live.buffer, live.start, live.end);
        return undefined;
      case clientTag.copyData:
      case clientTag.copyDone:
      case clientTag.copyFail:
        return this.#copyTooEarlyOrLate(snapshot(live));
      case clientTag.functionCall:
        return this.#functionCall();
      default:
        throw new SallyportError('protocol-violation', `unexpected message 0x${live.tag.toString(16)}`);
    }
  }

  // --- simple query ---------------------------------------------------------------------------------------------------------------

  #query(frame: Frame): Wait {
    const text = sqlOfQuery(frame);
    return this.#reader.read(text, 'query', (statements) => {
      if (statements.length === 0) return this.#emptyQuery();
      const stale = this.#readings.stale(statements);
      if (stale) return this.#reader.renew(stale, 'query', () => this.#query(frame));
      const { state, catalog } = this.#p;
      if (!state.segmentSent && catalog.wantsDescription && isParted(statements))
        return this.#part(partsOf(text, statements));
      const units = unitsOfQuery(text, statements, this.#names);
      return this.#offer('query', frame, units);
    });
  }

  /** Each is judged by the schema that the one before it has left. */
  async #part(messages: readonly Frame[]): Promise<void> {
    const { state } = this.#p;
    state.quiet = true;
    try {
      for (const message of messages) await this.handle(message);
    } finally {
      state.quiet = false;
    }
  }

  /** Nothing to judge and nothing to run: the answer is ours. */
  #emptyQuery(): Wait {
    const { state } = this.#p;
    if (state.pipeline.length > 0) return this.#p.drained().then(() => this.#emptyQuery());
    state.toClient.add(encodeBare('emptyQuery'));
    state.toClient.add(encodeReady(state.status));
    return undefined;
  }

  #offer(travel: Travel, frame: Frame, units: readonly Unit[], about?: { portal?: Portal; prepared?: Prepared }): Wait {
    const { state, gate, carrier, catalog } = this.#p;
    const missing = units.find((unit) => unit.missing)?.missing;
    if (missing) return this.#unknown(missing.what, missing.name, travel);
    const transaction = { in: state.status !== 'I', failed: state.status === 'E' };
    const dirty = catalog.unseen ? 'the schema was changed in this transaction' : undefined;
    const commands = units.map((unit, index) => commandOf(unit, { index, count: units.length }, transaction, dirty));
    // A message without statements was answered before it came here.
    const x = new PgExchange(carrier, travel, frame, units, commands as [PostgresCommand, ...PostgresCommand[]], {
      ...about,
      transaction: state.transaction,
    });
    return travel === 'declare' ? gate.declare(x) : gate.offer(x);
  }

  // --- extended query -------------------------------------------------------------------------------------------------------------

  #parse(frame: Frame): Wait {
    const { state } = this.#p;
    const { statement: name, text, parameterTypes } = sqlOfParse(frame);
    if (name !== '' && state.statements.size >= maxStatements) {
      const why = `a session keeps at most ${maxStatements} prepared statements`;
      this.#p.fail('declare', error('53400', why, 'Close those that are not needed any more.'), name);
      return undefined;
    }
    return this.#reader.read(
      text,
      'declare',
      (statements) => {
        const [facts, second] = statements;
        if (second) {
          this.#p.fail('declare', error('42601', 'cannot insert multiple commands into a prepared statement'), name);
          return undefined;
        }
        const sql = text.toString('utf8');
        const prepared: Prepared = {
          name,
          text: sql,
          reading: this.#readings.make(facts, sql, state.searchPath),
          paramTypes: parameterTypes,
          fields: facts ? undefined : null,
        };
        if (facts) return this.#offer('declare', frame, unitsOfQuery(text, [facts], this.#names), { prepared });
        const change = state.statements.predict(name, prepared, state.segment);
        this.#send(frame);
        state.pipeline.push({ kind: 'parse', changes: [change], quiet: state.quiet });
        return undefined;
      },
      name,
    );
  }

  #bind(frame: Frame): Wait {
    const { state } = this.#p;
    const message = parseBind(frame);
    // What SQL in flight makes of the names (PREPARE, DEALLOCATE, CLOSE) is certain only when it is over.
    if (state.barrier || !state.statements.isCertain(message.statement, state.segment))
      return this.#afterDrain(() => this.#bind(frame));
    const prepared = state.statements.get(message.statement);
    if (!prepared) return this.#unknown('statement', message.statement);
    if (!this.#readings.isCurrent(prepared)) return this.#reader.renew(prepared, 'execute', () => this.#bind(frame));
    const portal: Portal = {
      name: message.portal,
      prepared,
      reading: prepared.reading,
      params: paramTexts(message.parameters, message.parameterFormats, prepared.paramTypes),
      resultFormats: message.resultFormats,
      holdable: false,
    };
    const change = state.portals.predict(message.portal, portal, state.segment);
    this.#send(frame);
    state.pipeline.push({ kind: 'bind', changes: [change], quiet: state.quiet });
    return undefined;
  }

  #describeOrClose(frame: Frame): Wait {
    const { state } = this.#p;
    const message = parseClientMessage(frame);
    if (message.type !== 'describe' && message.type !== 'close') throw violation('Describe or Close');
    const names = message.what === 'statement' ? state.statements : state.portals;
    if (state.barrier || !names.isCertain(message.name, state.segment))
      return this.#afterDrain(() => this.#describeOrClose(frame));
    if (message.type === 'close') {
      // Closing what does not exist is no error.
      const change = names.predict(message.name, undefined, state.segment);
      this.#send(frame);
      state.pipeline.push({ kind: 'close', changes: [change], quiet: state.quiet });
      return undefined;
    }
    const portal = message.what === 'portal' ? state.portals.get(message.name) : undefined;
    const prepared = message.what === 'portal' ? portal?.prepared : state.statements.get(message.name);
    if (!prepared) return this.#unknown(message.what, message.name);
    prepared.describedAt = this.#p.catalog.epoch;
    this.#send(frame);
    state.pipeline.push({ kind: 'describe', of: message.what, prepared, own: false, quiet: state.quiet });
    return undefined;
  }

  #execute(frame: Frame): Wait {
    const { state } = this.#p;
    const { portal: name } = parseExecute(frame);
    if (state.barrier || !state.portals.isCertain(name, state.segment))
      return this.#afterDrain(() => this.#execute(frame));
    const portal = state.portals.get(name);
    if (!portal) return this.#unknown('portal', name);
    const { facts } = portal.reading;
    const stale = this.#readings.isCurrent(portal) ? this.#readings.stale(facts ? [facts] : []) : portal;
    if (stale) return this.#reader.renew(stale, 'execute', () => this.#execute(frame));
    if (!facts) {
      this.#send(frame);
      state.pipeline.push({ kind: 'empty' });
      return undefined;
    }
    return this.#offer('execute', frame, [unitOfPortal(portal, facts, this.#names)], { portal });
  }

  #sync(frame: Frame): Wait {
    const { state, catalog } = this.#p;
    parseClientMessage(frame);
    // The whole segment was answered here: the server knows nothing of it, so its Sync is answered here too.
    if (state.skipping && !state.segmentSent && state.pipeline.length === 0) {
      state.skipping = false;
      state.toClient.add(encodeReady(state.status));
      return undefined;
    }
    state.skipping = false;
    state.toServer.add(frame.buffer, frame.start, frame.end);
    state.pipeline.push({ kind: 'sync', own: false });
    state.segment++;
    state.segmentSent = false;
    // What BEGIN or COMMIT made of the transaction is certain only when the server says so, and whether a change of the schema is there to stay.
    if (state.barrierAtSync || catalog.changed) state.barrier = true;
    state.barrierAtSync = false;
    return undefined;
  }

  // --- COPY FROM STDIN ------------------------------------------------------------------------------------------------------------

  #duringCopy(live: Frame): Wait {
    const { state } = this.#p;
    switch (live.tag) {
      case clientTag.copyData:
      case clientTag.copyDone:
      case clientTag.copyFail:
        state.toServer.add(live.buffer, live.start, live.end);
        if (live.tag !== clientTag.copyData) state.copyIn = false;
        return undefined;
      case clientTag.flush:
      case clientTag.sync:
        return undefined; // the server ignores both while it reads COPY data
      default:
        throw violation('anything but COPY data during COPY');
    }
  }

  #copyTooEarlyOrLate(frame: Frame): Wait {
    const { state } = this.#p;
    // After a failed COPY the client's data is still on its way: the server drops it, so do we.
    if (state.pipeline.length === 0) return undefined;
    return this.#p.copyingOrDrained().then(() => (state.copyIn ? this.#duringCopy(frame) : undefined));
  }

  // --- small parts ----------------------------------------------------------------------------------------------------------------

  /** FunctionCall runs a function by OID, past every parser. */
  #functionCall(): Wait {
    const recorded = this.#p.gate.refused('FunctionCall message', '');
    this.#p.fail(
      'query',
      error('0A000', 'the fast-path function call is not supported', 'Call the function in a SELECT.'),
    );
    return recorded;
  }

  /** Nothing of the message runs, as on the server, where the first statement that names it would fail. */
  #unknown(what: 'statement' | 'portal' | 'cursor', name: string, travel: Travel = 'execute'): Wait {
    const statement = name === '' ? 'unnamed prepared statement' : `prepared statement "${name}"`;
    const report =
      what === 'statement'
        ? error('26000', `${statement} does not exist`)
        : error('34000', `${what} "${name}" does not exist`);
    this.#p.fail(travel, report);
    return undefined;
  }

  #afterDrain(again: () => Wait): Wait {
    return this.#p.drained().then(() => (this.#p.state.skipping ? undefined : again()));
  }

  get #names(): NameView {
    const { state, catalog } = this.#p;
    const { statements, portals, searchPath } = state;
    return { statements, portals, epoch: catalog.epoch, searchPath };
  }

  #send(frame: Frame): void {
    const { state } = this.#p;
    state.segmentSent = true;
    state.toServer.add(frame.buffer, frame.start, frame.end);
  }
}

function snapshot({ tag, buffer, start, end }: Frame): Frame {
  return { tag, buffer, start, end };
}

function violation(what: string): SallyportError {
  return new SallyportError('protocol-violation', `${what} was not expected`);
}
