import { hash } from 'node:crypto';
import type { OutputFact, PostgresEffect } from '../../contract/command-postgres.ts';
import { behindChange, type SqlAnalysis } from './lineage/analysis.ts';
import { fingerprintOf } from './text/fingerprint.ts';
import type { Grammar, Lexer, RawStatement } from './text/grammar.ts';
import { Ledger } from './lineage/ledger.ts';
import { tagged, type Node } from './text/node.ts';
import { blankFacts, blankLiterals } from './text/record.ts';
import { blur, type Column } from './lineage/scope.ts';
import type { CommandFacts, Handle, StatementFacts } from './text/statement.ts';
import { readRowOrder } from './lineage/index-order.ts';
import { readStatement } from './statements/statements.ts';
import type { NamedHandle, Outcome } from './lineage/outcome.ts';
import { newWalk } from './statements/walk.ts';
import { typeReaches } from './catalog/type-reach.ts';
import { labelsOf, union, type World } from './catalog/world.ts';

/** Everything an analysis depends on but the text. */
export interface Reading {
  readonly grammar: Grammar;
  readonly lexer: Lexer;
  readonly world: World;
  readonly searchPath: readonly string[];
  /** Names grammar, catalog, labels and path in every key. */
  readonly version: string;
}

/** Parses a message and says what each of its statements means. Throws what the grammar throws. */
export function analyzeText(text: string, reading: Reading): SqlAnalysis {
  const parsed = reading.grammar.parse(text);
  if (!parsed.ok) return refusal(parsed.message, parsed.position);
  const slice = slicer(text);
  const statements: StatementFacts[] = [];
  let shifted = false;
  for (const raw of parsed.statements) {
    const facts = factsOf(raw.tree, slice(raw), reading, parsed.statements.length === 1);
    statements.push(shifted ? readBehindChange(facts) : facts);
    shifted ||= facts.changesSchema || facts.changesSearchPath;
  }
  return { ok: true, statements };
}

/** A message is read as a whole before any of it runs: what a statement in it changes, those behind it were not read by. */
function readBehindChange(facts: StatementFacts): StatementFacts {
  const { command } = facts;
  if (command.relations.length === 0 && command.functions.length === 0) return facts;
  const reasons = [...command.analysis.reasons, behindChange];
  return { ...facts, key: `${facts.key}+`, command: { ...command, analysis: { complete: false, reasons } } };
}

function refusal(message: string, position: number): SqlAnalysis {
  if (/memory exhausted|stack depth/.test(message)) return { ok: false, why: 'too-deep', message };
  return {
    ok: false,
    why: 'syntax',
    message,
    position: position > 0 ? position : undefined,
    sqlstate: sqlstateOf(message),
  };
}

/** The grammar reports no code; these are the server's, by message (scan.l, gram.y, parser.c). */
function sqlstateOf(message: string): string {
  if (/not (yet )?(implemented|supported)/.test(message)) return '0A000';
  if (message.startsWith('invalid byte sequence')) return '22021';
  if (message === 'invalid Unicode escape') return '22025';
  return '42601';
}

interface Slice {
  readonly text: string;
  readonly start: number;
  readonly length: number;
}

/** Cuts statements out by bytes and trims the white space that PostgreSQL leaves around them. */
function slicer(text: string): (raw: RawStatement) => Slice {
  const bytes = Buffer.from(text);
  return (raw) => {
    const end = raw.length === 0 ? bytes.length : raw.start + raw.length;
    let [from, to] = [raw.start, end];
    while (from < to && isSpace(bytes[from])) from += 1;
    while (to > from && isSpace(bytes[to - 1])) to -= 1;
    return { text: bytes.toString('utf8', from, to), start: from, length: to - from };
  };
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

/**
 * @param alone whether it is all that travels
 * @param given the name that the session gives to what stands around `tree`
 */
function factsOf(tree: Node, slice: Slice, reading: Reading, alone: boolean, given?: string): StatementFacts {
  const ledger = new Ledger(reading.world, reading.searchPath);
  ledger.alone = alone;
  if (!reading.world.known) ledger.incomplete('the catalog of the target has not been read');
  const reaches = valueless.has(tagged(tree)[0]) ? undefined : typeReaches(reading.world);
  if (reaches !== undefined) ledger.incomplete(reaches);
  const outcome = readStatement(newWalk(ledger), tree);
  if (ledger.effects.some((effect) => changesSchema.has(effect))) ledger.runsEventTriggers();
  const columns = settled(ledger, outcome.columns ?? []);
  readRowOrder(ledger);
  // The text has literals in it that stand beside labelled values.
  if (ledger.showsOwnText && ledger.touchesLabels)
    ledger.incomplete('the text of a statement over labelled columns is not shown');
  const effects = ledger.effects;
  const secret = ledger.secret || ledger.meetsLabels;
  const outline = blankLiterals(slice.text, reading.lexer);
  const relations = ledger.relations;
  const reasons = ledger.reasons;
  const command: CommandFacts = {
    protocol: 'postgres',
    action: effects[0] ?? 'opaque',
    effects,
    kind: kindOf(tree),
    labels: union(...relations.map((relation) => relation.labels)),
    relations,
    output: columns.map(outputFact),
    filters: ledger.filters,
    // What PREPARE names runs when it is executed.
    lookups: outcome.handle?.op === 'prepare' ? 0 : ledger.lookups,
    functions: ledger.functions,
    copies: ledger.copies.facts,
    measures: ledger.measured,
    quotes: ledger.quoted,
    unfiltered: ledger.unfiltered,
    limit: outcome.limit ?? null,
    into: ledger.into,
    copy: outcome.copy ?? null,
    set: ledger.settings,
    fingerprint: fingerprintOf(outline, given ?? givenName(outcome)),
    analysis: { complete: reasons.length === 0, reasons },
  };
  return {
    command,
    recordInstead: secret ? blankFacts(command) : {},
    key: hash('sha256', `${reading.version}\n${kindOf(tree)}\n${slice.text}`, 'base64url') + apart(ledger),
    location: { start: slice.start, length: slice.length },
    recordText: secret ? outline : slice.text,
    outline,
    secretParams: secret ? 'all' : [],
    touchesLabels: ledger.touchesLabels,
    transaction: outcome.transaction ?? { verb: 'none' },
    ...(outcome.copyLayout ? { copyLayout: outcome.copyLayout } : {}),
    handle: handleOf(outcome, slice, reading),
    changesSchema: ledger.changesSchema,
    changesSearchPath: ledger.changesSearchPath,
    unknownRelations: [...ledger.unknownRelations],
  };
}

/** Where what a statement means depends on what it came with, its facts are not those of the same text elsewhere. */
function apart({ showsOwnText, alone }: Ledger): string {
  return showsOwnText && !alone ? '&' : '';
}

/** What event triggers run by: https://www.postgresql.org/docs/current/event-trigger-matrix.html */
const changesSchema: ReadonlySet<PostgresEffect> = new Set(['opaque', 'program', 'grant', 'ddl', 'maintenance']);

/** Statements in which no value becomes one of a type. */
const valueless: ReadonlySet<string> = new Set([
  'TransactionStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'DiscardStmt',
  'DeallocateStmt',
]);

/** Masks go by position: where a star may stand for any number of columns, no position after it is sure. */
function settled(ledger: Ledger, columns: readonly Column[]): readonly Column[] {
  if (!columns.some((column) => column.wild)) return columns;
  blur(ledger, columns, 'expression');
  return columns.map(({ name, sources, wild }) => ({ name, sources, ...(wild ? { wild } : {}) }));
}

function outputFact(column: Column): OutputFact {
  const sources = [...column.sources];
  const [only] = sources;
  const isOne = column.form === 'plain' && sources.length === 1 && only?.form === 'plain';
  return {
    name: column.name,
    sources: sources.map((base) => base.key),
    transform: column.form ?? (column.wild ? 'unknown' : 'expression'),
    labels: labelsOf(sources),
    // Of several documents together nobody can say which path leads where.
    ...(isOne && only.paths ? { paths: only.paths } : {}),
  };
}

function handleOf(outcome: Outcome, slice: Slice, reading: Reading): Handle {
  const handle: NamedHandle | undefined = outcome.handle;
  if (!handle) return { op: 'none' };
  if (handle.op !== 'prepare' && handle.op !== 'declare') return handle;
  const { query, ...named } = handle;
  return { ...named, inner: factsOf(query, slice, reading, false, handle.name) };
}

function givenName({ handle, transaction }: Outcome): string | null | undefined {
  return handle ? handle.name : transaction && 'name' in transaction ? transaction.name : undefined;
}

/** `CreateTableAsStmt` is `create_table_as`. */
const kinds = new Map<string, string>();
function kindOf(tree: Node): string {
  const [tag] = tagged(tree);
  const known = kinds.get(tag);
  if (known !== undefined) return known;
  const kind = tag
    .replace(/Stmt$/, '')
    .replace(/([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])/g, '$1$3_$2$4')
    .toLowerCase();
  kinds.set(tag, kind);
  return kind;
}
