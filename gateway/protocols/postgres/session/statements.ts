import { SallyportError } from '../../../contract/errors.ts';
import type { Gate } from '../../../contract/gate.ts';
import type { Wait } from '../../../contract/wait.ts';
import type { SqlAnalysis, StatementFacts } from '../../../facts/sql/index.ts';
import type { SessionCatalog } from '../catalog/session-catalog.ts';
import { brokenReport, type Report } from '../codec/errors.ts';
import type { Travel } from '../exchange.ts';
import type { AskOwn } from '../catalog/within.ts';
import type { Portal, Prepared } from '../names.ts';
import { asBound, asRole, type Readings } from './reading.ts';
import { digest, refusal } from './refusal.ts';
import type { SessionState } from './state.ts';

export interface ReaderPorts {
  readonly state: SessionState;
  readonly gate: Gate;
  readonly catalog: SessionCatalog;
  readonly major: number;
  readonly signal: AbortSignal;
  /**
   * Tells the client an error in place of an answer and leaves the transaction as the server would have, had it refused by itself.
   * @param declared the name of the statement that a Parse would have declared
   */
  fail(travel: Travel, report: Report, declared?: string): void;
  /** Resolves when the upstream owes no answer any more. */
  drained(): Promise<void>;
  /** Reads `current_schemas(true)`. Only when nothing is in flight. */
  readSearchPath(): Promise<void>;
  /** Asks over the session's own connection, inside of its transaction; undefined where there is none that could be asked. */
  askWithin(): AskOwn | undefined;
}

/** Reads texts into statements. What cannot be read is refused here: in the log, and to the client. */
export class StatementReader {
  readonly #p: ReaderPorts;
  readonly #readings: Readings;

  constructor(ports: ReaderPorts, readings: Readings) {
    this.#p = ports;
    this.#readings = readings;
  }

  /**
   * Reads a text and goes on with its statements: at once where it is known and nothing in flight can change what its names mean.
   * @param next not called when the text cannot be read, nor when an earlier message of the segment has failed meanwhile
   * @param declared the name of the statement that a Parse declares
   * @param path by which names are found, where that is not the session's own of this moment
   */
  read(
    text: Buffer,
    travel: Travel,
    next: (statements: readonly StatementFacts[]) => Wait,
    declared?: string,
    path?: readonly string[],
  ): Wait {
    const { state, catalog, major } = this.#p;
    if (!state.barrier && !this.#readings.pathIsDirty) {
      const known = catalog.known({ text, major, searchPath: path ?? state.searchPath });
      if (known) return known.ok ? next(this.#inRole(known.statements)) : this.#notRead(known, text, travel, declared);
    }
    return this.#analysis(text, path).then(
      (analysis) => {
        // The server skips this message, so do we.
        if (state.skipping) return undefined;
        return analysis.ok ? next(this.#inRole(analysis.statements)) : this.#notRead(analysis, text, travel, declared);
      },
      (cause: unknown) => this.#noCatalog(cause, text, travel),
    );
  }

  /** Catalog, labels or search path have changed since it was read: what it means is asked again. */
  renew(of: Prepared | Portal, travel: Travel, then: () => Wait): Wait {
    const [text, path] = 'prepared' in of ? [of.prepared.text, of.reading.searchPath] : [of.text, undefined];
    const renewed = ([read]: readonly StatementFacts[]) => {
      const facts = 'prepared' in of ? asBound(of.reading.facts, read) : read;
      of.reading = this.#readings.make(facts, text, path ?? this.#p.state.searchPath);
      return then();
    };
    return this.read(Buffer.from(text), travel, renewed, undefined, path);
  }

  async #analysis(text: Buffer, path?: readonly string[]): Promise<SqlAnalysis> {
    const { state, catalog, major, signal } = this.#p;
    if (state.barrier || catalog.unseen) await this.#p.drained();
    for (;;) {
      if (this.#readings.pathIsDirty) {
        await this.#p.drained();
        // In a failed transaction nothing can be asked, and the server runs nothing either.
        if (state.status !== 'E' && !state.skipping) await this.#p.readSearchPath();
      }
      const request = { text, major, searchPath: path ?? state.searchPath };
      const analysis = await catalog.analyze(request, signal, this.#p.askWithin());
      // The catalog was read anew meanwhile: the path may lead elsewhere now.
      if (!this.#readings.pathIsDirty || state.status === 'E' || state.skipping) return analysis;
    }
  }

  /** Of several in one message, those behind a SET are read again when it has run. */
  #inRole(statements: readonly StatementFacts[]): readonly StatementFacts[] {
    const [only, ...more] = statements;
    return only && more.length === 0 ? [asRole(only, this.#p.state.role)] : statements;
  }

  #notRead(analysis: SqlAnalysis & { ok: false }, text: Buffer, travel: Travel, declared?: string): Wait {
    const recorded = this.#p.gate.refused(`${analysis.why}: ${analysis.message}`, digest(text));
    this.#p.fail(travel, refusal(analysis), declared);
    return recorded;
  }

  #noCatalog(cause: unknown, text: Buffer, travel: Travel): Wait {
    if (!(cause instanceof SallyportError)) throw cause;
    if (this.#p.state.skipping) return undefined;
    const recorded = this.#p.gate.refused(cause.code, digest(text));
    this.#p.fail(travel, { ...brokenReport(cause), severity: 'ERROR' });
    return recorded;
  }
}
