import type { PostgresCommand, PostgresEffect } from '../../contract/command-postgres.ts';
import type { CommandFacts, StatementFacts } from '../../facts/sql/index.ts';
import type { Names, Portal, Prepared } from './names.ts';
import type { Unit } from './unit.ts';

/** The names a session keeps, as the statements of one message will find them one after the other. */
export interface NameView {
  readonly statements: Pick<Names<Prepared>, 'get'>;
  readonly portals: Pick<Names<Portal>, 'get'>;
  /** Of the catalog: what was declared under an older one is not known any more. */
  readonly epoch: number;
  /** What was prepared under another one is not known either: the server looks its names up anew. */
  readonly searchPath: readonly string[];
}

const blanked = '[masked]';
const none: readonly string[] = [];
const textOnly: readonly string[] = ['text'];

/** Effects that leave nothing behind. Everything else is flushed to disk before it takes effect. */
const harmless: ReadonlySet<PostgresEffect> = new Set([
  'lock',
  'notify',
  'set',
  'read',
  'explain',
  'transaction',
  'session',
]);

export function changes(facts: CommandFacts): boolean {
  return facts.effects.some((effect) => !harmless.has(effect));
}

/** The statements of one Query message, with EXECUTE and FETCH replaced by what stands behind the name. */
export function unitsOfQuery(text: Buffer, statements: readonly StatementFacts[], names: NameView): readonly Unit[] {
  // What earlier statements of the same message declare: the server runs none of the later ones unless the earlier ones worked.
  const prepared = new Map<string, StatementFacts | undefined>();
  const cursors = new Map<string, { readonly facts: StatementFacts | undefined; readonly tally: object }>();
  return statements.map((statement) => {
    const { start, length } = statement.location;
    const sql = text.toString('utf8', start, start + length);
    const { handle } = statement;
    switch (handle.op) {
      case 'none':
      case 'deallocate':
      case 'close':
        return plainUnit(statement, sql);
      case 'prepare':
        prepared.set(handle.name, handle.inner);
        return plainUnit(statement, sql);
      case 'declare':
        cursors.set(handle.name, { facts: handle.inner, tally: {} });
        return plainUnit(statement, sql);
      case 'execute': {
        const { name, args, computed } = handle;
        const known = names.statements.get(name);
        const sameNames = known?.reading.searchPath === names.searchPath;
        const inner = prepared.get(name) ?? (sameNames ? current(known, names) : undefined);
        if (!inner && !known) return { ...plainUnit(statement, sql), missing: { what: 'statement', name } };
        if (!inner) return plainUnit(statement, sql);
        const unit = unitBehind(statement, inner, sql, args, 'execute', {});
        return computed ? incomplete(unit, 'an argument of EXECUTE is computed by the server') : unit;
      }
      case 'fetch': {
        const { name } = handle;
        const portal = names.portals.get(name);
        const cursor = cursors.get(name) ?? (portal && { facts: current(portal, names), tally: portal });
        if (!cursor) return { ...plainUnit(statement, sql), missing: { what: 'cursor', name } };
        if (!cursor.facts) return plainUnit(statement, sql);
        return unitBehind(statement, cursor.facts, sql, [], handle.move ? 'move' : 'fetch', cursor.tally);
      }
      default:
        return handle satisfies never;
    }
  });
}

/** What every Execute of a prepared statement has in common; undefined where it depends on names that may change meanwhile. */
export function unitOfPrepared(statement: StatementFacts, text: string): Unit | undefined {
  const { op } = statement.handle;
  return op === 'execute' || op === 'fetch' ? undefined : plainUnit(statement, text);
}

/** One Execute of a portal. */
export function unitOfPortal(portal: Portal, facts: StatementFacts, names: NameView): Unit {
  const { text } = portal.prepared;
  const { unit } = portal.reading;
  if (unit) {
    if (portal.params.length === 0) return { ...unit, tally: portal };
    return { ...unit, ...bound(portal.params, facts, unit.erased), tally: portal };
  }
  const whole = { ...facts, location: { start: 0, length: Buffer.byteLength(text) } };
  const [resolved] = unitsOfQuery(Buffer.from(text), [whole], names);
  // A cursor counts for itself, whoever fetches from it.
  if (resolved && facts.handle.op === 'fetch') return resolved;
  return { ...(resolved ?? plainUnit(facts, text)), tally: portal };
}

/** What Rego sees. @param dirty why the catalog cannot be relied on right now, if so */
export function commandOf(
  unit: Unit,
  place: { readonly index: number; readonly count: number },
  transaction: PostgresCommand['transaction'],
  dirty: string | undefined,
): PostgresCommand {
  const { facts, statement } = unit;
  // COMMIT and the like name nothing that a catalog knows. Were they in doubt, nobody under masks could end such a transaction.
  const certain = dirty === undefined || statement.transaction.verb !== 'none';
  const analysis = certain ? facts.analysis : { complete: false, reasons: [...facts.analysis.reasons, dirty] };
  return { ...facts, analysis, text: unit.text, params: unit.params, transaction, batch: place };
}

function incomplete(unit: Unit, reason: string): Unit {
  const analysis = { complete: false, reasons: [...unit.facts.analysis.reasons, reason] };
  const recordFacts = { ...unit.recordFacts, analysis };
  return { ...unit, facts: { ...unit.facts, analysis }, recordFacts, key: `${unit.key} ${reason}` };
}

function current(known: Prepared | Portal | undefined, names: NameView): StatementFacts | undefined {
  return known?.reading.epoch === names.epoch ? known.reading.facts : undefined;
}

function plainUnit(statement: StatementFacts, text: string): Unit {
  const facts = statement.command;
  return {
    statement,
    behind: statement,
    facts,
    key: statement.key,
    text,
    params: [],
    recordText: statement.recordText,
    outline: statement.outline,
    recordParams: [],
    ...recorded(facts, statement.recordText, statement, text),
    tally: {},
    changes: changes(facts),
  };
}

function unitBehind(
  statement: StatementFacts,
  inner: StatementFacts,
  text: string,
  params: readonly (string | null)[],
  kind: string,
  tally: object,
): Unit {
  // MOVE skips rows without returning them: what the query behind it reads stays a fact, its columns do not come out.
  const output = kind === 'move' ? [] : inner.command.output;
  // A cursor's query has looked up what it looks up when it was declared.
  const lookups = kind === 'execute' ? inner.command.lookups : 0;
  const facts: CommandFacts = { ...inner.command, kind, output, lookups };
  // EXECUTE holds arguments of the statement behind it: where those must not be shown, neither must its own text.
  const recordText = inner.secretParams === 'all' ? statement.outline : statement.recordText;
  const { recordFacts, erased } = recorded(facts, recordText, inner, text);
  return {
    statement,
    behind: inner,
    facts,
    key: `${statement.key} ${inner.key}`,
    text,
    ...bound(params, inner, erased),
    recordText,
    outline: statement.outline,
    recordFacts,
    tally,
    changes: changes(facts),
  };
}

/** What the recording has of the facts, and where it differs from what policy read. A text that was sent with a semicolon does, too. */
function recorded(
  facts: CommandFacts,
  recordText: string,
  { recordInstead }: StatementFacts,
  text: string,
): Pick<Unit, 'recordFacts' | 'erased'> {
  const instead = Object.keys(recordInstead);
  if (instead.length === 0) return { recordFacts: facts, erased: recordText === text ? none : textOnly };
  const erased = recordText === text ? instead : ['text', ...instead];
  return { recordFacts: { ...facts, ...recordInstead }, erased };
}

function bound(
  params: readonly (string | null)[],
  { secretParams }: StatementFacts,
  without: readonly string[],
): Pick<Unit, 'params' | 'recordParams' | 'erased'> {
  const recordParams = blank(params, secretParams);
  return { params, recordParams, erased: recordParams === params ? without : [...without, 'params'] };
}

function blank(params: readonly (string | null)[], secret: StatementFacts['secretParams']): readonly (string | null)[] {
  if (secret === 'all') return params.map((p) => (p === null ? null : blanked));
  if (secret.length === 0) return params;
  return params.map((p, i) => (p !== null && secret.includes(i + 1) ? blanked : p));
}
