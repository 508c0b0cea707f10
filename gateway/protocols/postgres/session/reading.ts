import type { StatementFacts } from '../../../facts/sql/index.ts';
import type { TargetCatalog } from '../catalog/catalog.ts';
import { unitOfPrepared } from '../normalize.ts';
import type { Portal, Prepared, Reading } from '../names.ts';
import type { SessionState } from './state.ts';

/** Whether what was read of a statement is still what the server would make of it: plancache.c, RevalidateCachedQuery. */
export class Readings {
  readonly #state: SessionState;
  readonly #catalog: TargetCatalog;

  constructor(state: SessionState, catalog: TargetCatalog) {
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
