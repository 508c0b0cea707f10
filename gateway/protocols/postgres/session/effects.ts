import type { StatementFacts } from '../../../facts/sql/index.ts';
import type { SessionCatalog } from '../catalog/session-catalog.ts';
import { unitOfPrepared } from '../normalize.ts';
import type { Unit } from '../unit.ts';
import type { Prepared } from '../names.ts';
import type { SessionState } from './state.ts';

/** Before a statement goes upstream: what has to be over before the next one may be judged. */
export function applySent(state: SessionState, catalog: SessionCatalog, unit: Unit, extended: boolean): void {
  const { statement, behind, facts } = unit;
  const { handle, transaction } = statement;
  if (behind.changesSchema) catalog.change();
  if (behind.changesSearchPath) {
    state.searchPathDirty = true;
    state.searchPathDirtyInTransaction = true;
  }
  const keepsNames = handle.op === 'none' || handle.op === 'execute' || handle.op === 'fetch';
  const plain = keepsNames && !behind.changesSchema && !behind.changesSearchPath && facts.kind !== 'discard';
  const settled = plain && !facts.effects.some((effect) => effect === 'set' || effect === 'opaque');
  if (!settled) state.barrier = true;
  if (transaction.verb === 'none') return;
  catalog.unsettle();
  // COMMIT AND CHAIN and ROLLBACK TO take a path back and leave a transaction open.
  if (state.searchPathDirtyInTransaction) state.searchPathDirty = true;
  // Drivers send BEGIN along with the first statement. Within the segment its effect can be foretold: if it fails, the rest is skipped.
  if (!extended) state.barrier = true;
  else state.barrierAtSync = true;
  if (transaction.verb === 'begin') state.status = state.status === 'E' ? 'E' : 'T';
  else if (transaction.verb === 'commit' || transaction.verb === 'rollback')
    state.status = transaction.chain ? 'T' : 'I';
}

/** After a statement has run: the names it made or dropped. */
export function applyCompleted(state: SessionState, catalog: SessionCatalog, unit: Unit): void {
  const { handle } = unit.statement;
  if (unit.behind.changesSchema) catalog.change();
  if (unit.facts.kind === 'discard') {
    state.statements.expire(none);
    state.portals.expire(none);
  }
  switch (handle.op) {
    case 'none':
    case 'execute':
    case 'fetch':
      return;
    case 'prepare':
      state.statements.setKnown(handle.name, prepared(handle.name, handle.inner, state, catalog));
      return;
    case 'deallocate':
      if (handle.name === null) state.statements.expire(none);
      else state.statements.forget(handle.name);
      return;
    case 'declare': {
      const { name, hold: holdable, inner } = handle;
      const made = prepared('', inner, state, catalog);
      const { reading } = made;
      state.portals.setKnown(name, { name, prepared: made, reading, params: [], resultFormats: [], holdable });
      return;
    }
    case 'close':
      if (handle.name === null) state.portals.expire(none);
      else state.portals.forget(handle.name);
      return;
    default:
      handle satisfies never;
  }
}

const none = () => false;

function prepared(name: string, inner: StatementFacts, state: SessionState, catalog: SessionCatalog): Prepared {
  const text = inner.recordText;
  return {
    name,
    text,
    reading: { facts: inner, unit: unitOfPrepared(inner, text), epoch: catalog.epoch, searchPath: state.searchPath },
    paramTypes: [],
    fields: undefined,
  };
}
