import type { CommandFacts, StatementFacts } from '../../../facts/sql/index.ts';
import type { SessionCatalog } from '../catalog/session-catalog.ts';
import { unitOfPrepared } from '../normalize.ts';
import type { Portal, Prepared, Reading } from '../names.ts';
import type { SessionState } from './state.ts';

/**
 * What a portal brings is of the tables that it was bound to, whatever has their names now. Where the text read anew speaks of others, or of less that
 * is labelled, nobody knows what comes.
 */
export function asBound(
  bound: StatementFacts | undefined,
  read: StatementFacts | undefined,
): StatementFacts | undefined {
  if (!bound || !read || holdsAll(bound.command, read.command)) return read;
  const { command } = read;
  const reasons = [...command.analysis.reasons, 'the cursor was opened when its names meant something else'];
  return { ...read, key: `${read.key} bound`, command: { ...command, analysis: { complete: false, reasons } } };
}

function holdsAll(bound: CommandFacts, read: CommandFacts): boolean {
  const named = ({ relations }: CommandFacts): string =>
    JSON.stringify(relations.map(({ schema, name, access }) => JSON.stringify([schema, name, access])).sort());
  const within = (some: readonly string[], all: readonly string[]): boolean => some.every((each) => all.includes(each));
  return (
    named(bound) === named(read) &&
    within(bound.labels, read.labels) &&
    bound.output.length === read.output.length &&
    bound.output.every(({ labels }, i) => within(labels, read.output[i]?.labels ?? []))
  );
}

/**
 * `SET ROLE` to the role that it is: tools that put back what they found (Flyway) send it behind each of their migrations. Of no other statement that names a
 * role: ALTER ROLE and CREATE FUNCTION set it for somebody else, and set_config gives what comes behind it in the same statement.
 * @param role `CURRENT_USER` of this moment
 */
export function asRole(facts: StatementFacts, role: string): StatementFacts {
  const { command } = facts;
  const [change, ...more] = command.set;
  if (command.kind !== 'variable_set' || change?.name !== 'role' || change.value !== role || more.length > 0)
    return facts;
  return { ...facts, key: `${facts.key} same`, command: { ...command, set: [{ ...change, same: true }] } };
}

/** Whether what was read of a statement is still what the server would make of it: plancache.c, RevalidateCachedQuery. */
export class Readings {
  readonly #state: SessionState;
  readonly #catalog: SessionCatalog;

  constructor(state: SessionState, catalog: SessionCatalog) {
    this.#state = state;
    this.#catalog = catalog;
  }

  make(facts: StatementFacts | undefined, text: string, searchPath: readonly string[]): Reading {
    return { facts, unit: facts && unitOfPrepared(facts, text), epoch: this.#catalog.epoch, searchPath };
  }

  /** The path has changed, or a schema that was made since it was read may have come into it. */
  get pathIsDirty(): boolean {
    return this.#state.searchPathDirty || this.#state.searchPathEpoch !== this.#catalog.epoch;
  }

  /**
   * The server looks the names of a statement up anew at each Bind and EXECUTE; a portal keeps to the tables that it was bound to.
   * In a failed transaction it runs neither.
   */
  isCurrent(of: Prepared | Portal): boolean {
    const { reading } = of;
    if (this.#state.status === 'E') return true;
    // COMMIT and the like name nothing that could have changed.
    if (reading.facts && reading.facts.transaction.verb !== 'none') return true;
    if (!this.#catalog.fresh || reading.epoch !== this.#catalog.epoch) return false;
    return 'prepared' in of || (!this.pathIsDirty && reading.searchPath === this.#state.searchPath);
  }

  /** What these statements run by name (EXECUTE, FETCH) and what has to be read again first. */
  stale(statements: readonly StatementFacts[]): Prepared | Portal | undefined {
    for (const { handle } of statements) {
      const named = this.#named(handle);
      if (named && !this.isCurrent(named)) return named;
    }
    return undefined;
  }

  #named(handle: StatementFacts['handle']): Prepared | Portal | undefined {
    if (handle.op === 'execute') return this.#state.statements.get(handle.name);
    if (handle.op === 'fetch') return this.#state.portals.get(handle.name);
    return undefined;
  }
}
