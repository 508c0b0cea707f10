import type {
  ColumnUse,
  FilterFact,
  FunctionFact,
  MeasureFact,
  PostgresEffect,
  RelationFact,
} from '../../../contract/command-postgres.ts';
import { postgresEffects } from '../../../contract/command-postgres.ts';
import type { LeanRelation } from '../catalog/catalog.ts';
import { Copies } from './copied.ts';
import { isCounter, told } from '../catalog/counters.ts';
import { functionEffects, functionReason, type CalledFunction } from '../catalog/functions.ts';
import { anyColumn } from '../catalog/labels.ts';
import { chosenBy } from './row-choice.ts';
import { RowOrder } from './row-order.ts';
import { storedIn, storedValues } from '../catalog/stored-values.ts';
import { strayName } from '../catalog/trigger-names.ts';
import { quotedBy, quotedByEventTriggers, type Work } from '../catalog/trigger-texts.ts';
import { union, type Base, type ViewColumns, type World } from '../catalog/world.ts';

/** Functions whose arguments are passwords or keys. */
const takesKey = /^(crypt|hmac|digest|pgp_(sym|pub)_\w+|(en|de)crypt(_iv)?)$/;

type Access = RelationFact['access'];
interface Entry {
  readonly relation: LeanRelation | undefined;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationFact['kind'];
  readonly access: Access;
  readonly columns: Map<string, Base>;
  /** Names of columns that rows are chosen, joined, grouped or ordered by; `nulls`: by whether they are NULL. */
  readonly searched: Set<string>;
  readonly nulls: Set<string>;
  /** Labels of all columns, where whole rows may be quoted. */
  whole?: readonly string[];
}

/** What is read of one relation. */
export type ReadEntry = Entry & { readonly relation: LeanRelation };

/** Uses by which a plan may find or sort rows. */
const searches: ReadonlySet<ColumnUse> = new Set([
  'equality',
  'where',
  'join',
  'group',
  'order',
  'distinct',
  'having',
  'limit',
]);

/** What one statement was seen to do, written down as the walk finds it. Writing the same twice changes nothing. */
export class Ledger {
  readonly world: World;
  readonly path: readonly string[];
  readonly unknownRelations = new Set<string>();
  readonly settings: { readonly name: string; readonly value: string | null }[] = [];
  readonly copies = new Copies();
  readonly rows = new RowOrder();
  unfiltered = false;
  /** Set where what a look-up tells is more than which rows have the value: a plan follows from statistics on all of them. */
  plans = false;
  lookups = 0;
  into: string | null = null;
  touchesLabels = false;
  changesSchema = false;
  changesSearchPath = false;
  /** No other statement came with it, and no name is given to it: its session runs this text and no other. */
  alone = false;
  /** It asks for the text that its own session runs. */
  showsOwnText = false;
  /** The text holds a secret of its own: a password, credentials of another server. */
  secret = false;
  /** Labels by whose values rows are chosen, joined, grouped or ordered. */
  readonly choosing = new Set<string>();
  readonly #effects = new Set<PostgresEffect>();
  readonly #callEffects = new Set<PostgresEffect>();
  readonly #relations = new Map<string, Entry>();
  /** Those of them that the catalog knows, by OID. */
  readonly #known: Readonly<Record<Access, Map<number, Entry>>> = { read: new Map(), write: new Map() };
  readonly #filters = new Map<string, FilterFact>();
  readonly #functions = new Map<string, FunctionFact>();
  readonly #quoted = new Set<string>();
  readonly #measures = new Map<string, MeasureFact>();
  readonly #reasons = new Set<string>();

  constructor(world: World, path: readonly string[]) {
    this.world = world;
    this.path = path;
  }

  effect(...effects: readonly PostgresEffect[]): void {
    for (const effect of effects) this.#effects.add(effect);
  }

  explains(): void {
    this.effect('explain');
    this.plans = true;
  }

  /** Runs `read` for what it names only: nothing of it will happen but the calls, which planning may already make. */
  planned(read: () => void): void {
    const before = new Set(this.#effects);
    const unfiltered = this.unfiltered;
    this.#effects.clear();
    this.copies.without(() => {
      this.rows.planned(read);
    });
    this.#effects.clear();
    for (const effect of [...before, ...this.#callEffects]) this.#effects.add(effect);
    this.unfiltered = unfiltered;
  }

  incomplete(reason: string): void {
    this.#reasons.add(reason);
  }

  relation(relation: LeanRelation, access: Access): void {
    if (this.#known[access].has(relation.oid)) return;
    this.#entry(relation, access);
    if (relation.kind === 'catalog') this.#stores(relation, storedValues(relation.name, access));
    const labelled = this.world.columns(relation).some((column) => column.labels.length > 0);
    if (labelled) this.touchesLabels = true;
    // What stands there is another server's to say; with labels somebody has looked.
    else if (relation.kind === 'foreign_table')
      this.incomplete(
        `${relation.schema}.${relation.name} is a table of another server, and none of its columns is labelled`,
      );
    for (const base of chosenBy(this.world, relation)) this.touch(base, 'rule');
    const view = this.world.view(relation);
    if (view) this.#chosen(relation, view);
  }

  /** Which rows a view has tells of what it chose them by, though the statement names none of its columns: `count(*)`, `EXISTS`. */
  #chosen({ schema, name }: LeanRelation, { hidden, reasons, measures }: ViewColumns): void {
    for (const reason of reasons) this.incomplete(`view ${schema}.${name}: ${reason}`);
    for (const measure of measures) this.measures(measure);
    if (hidden.length === 0) return;
    for (const label of hidden) this.choosing.add(label);
    const column = `${schema}.${name}.${anyColumn}`;
    this.#filters.set(`view ${column}`, { column, use: 'view', labels: hidden });
  }

  /** A relation that the statement makes. */
  creates(schema: string, name: string, kind: RelationFact['kind']): void {
    this.#relations.set(`create ${schema}.${name}`, newEntry(schema, name, kind, 'write'));
  }

  unknownRelation(schema: string, name: string, access: Access): void {
    const written = this.absentRelation(schema, name, access);
    this.incomplete(`relation ${written} is not known`);
  }

  /** One that does not have to be there: it is looked for once more, and if it is unknown still, that is no reason. @returns the name as written */
  absentRelation(schema: string, name: string, access: Access = 'write'): string {
    const written = schema === '' ? name : `${schema}.${name}`;
    this.unknownRelations.add(written);
    const key = `${access} ${written}`;
    if (!this.#relations.has(key)) this.#relations.set(key, newEntry(schema, name, 'unknown', access));
    return written;
  }

  /** A reference that does not fit what the catalog says of these relations. */
  contradiction(what: string, relations: readonly LeanRelation[]): void {
    this.incomplete(`${what} cannot be resolved`);
    for (const relation of relations) {
      if (relation.kind !== 'catalog') this.unknownRelations.add(`${relation.schema}.${relation.name}`);
    }
  }

  /** A column is read. With `use` it does not (only) leave as a plain output column. */
  touch(base: Base, use?: ColumnUse): void {
    const entry = this.#entry(base.relation, 'read');
    // Of a document whose other parts are labelled, what is known already is more.
    if (base.labels.length > 0 || !entry.columns.has(base.name)) entry.columns.set(base.name, base);
    if (base.relation.kind === 'catalog') this.#touchCatalog(base);
    if (use !== undefined && searches.has(use)) entry.searched.add(base.name);
    if (base.labels.length === 0) return;
    if (use !== undefined && use !== 'expression' && use !== 'function')
      for (const label of base.labels) this.choosing.add(label);
    const as = base.form === undefined ? 'view' : use;
    if (as === undefined) return;
    this.#filters.set(`${as} ${base.key}`, { column: base.key, use: as, labels: base.labels });
  }

  /** How many rows there are follows from these. */
  multiplies(bases: Iterable<Base>): void {
    for (const { labels } of bases) for (const label of labels) this.choosing.add(label);
  }

  /** A part of the column is read that holds nothing labelled: what the server says and plans may be about all of it. */
  touchPart(base: Base, use: ColumnUse): void {
    const entry = this.#entry(base.relation, 'read');
    entry.columns.set(base.name, base);
    if (searches.has(use)) entry.searched.add(base.name);
  }

  /** Rows are sorted by these for a call that sees many. */
  sorts(bases: Iterable<Base>): void {
    for (const base of bases) this.#entry(base.relation, 'read').searched.add(base.name);
  }

  /** Rows are chosen by whether these are NULL. */
  searchesNull(bases: Iterable<Base>): void {
    for (const base of bases) this.#entry(base.relation, 'read').nulls.add(base.name);
  }

  /** A labelled column is compared with so many values of the client's, each by itself. */
  lookUp(base: Base, values = 1): void {
    this.touch(base, 'equality');
    this.lookups += values;
  }

  touchAll(bases: Iterable<Base>, use?: ColumnUse): void {
    for (const base of bases) this.touch(base, use);
  }

  /** A column is written. */
  write(base: Base): void {
    this.#entry(base.relation, 'write').columns.set(base.name, base);
  }

  /** Rows that are there already are changed: an error on the way (a failed check, a key in use) quotes the whole row. */
  changesRows(relation: LeanRelation): void {
    const entry = this.#entry(relation, 'write');
    entry.whole = union(entry.whole ?? [], ...this.world.columns(relation).map((column) => column.labels));
  }

  /** The same of any relation: all of them are worked on. */
  changesAnyRows(): void {
    const all = newEntry('', '*', 'unknown', 'write');
    this.#relations.set('write *', { ...all, whole: this.world.anything.labels });
    this.runsAllCode();
  }

  /** What the server says of the relation's rows may tell of values with these labels. */
  withholds(relation: LeanRelation, labels: readonly string[]): void {
    const entry = this.#entry(relation, 'read');
    entry.whole = union(entry.whole ?? [], labels);
    this.touchesLabels = true;
  }

  /** Functions of triggers, checks, indexes and policies run, look names up by the session's path, and may quote what they read. */
  runsCode(relation: LeanRelation, work: Work): void {
    const stray = strayName(this.world, relation, this.path, work);
    if (stray !== undefined) this.incomplete(stray);
    this.quotes(quotedBy(this.world, relation, work));
  }

  /** The schema changes: event triggers run. */
  runsEventTriggers(): void {
    this.quotes(quotedByEventTriggers(this.world));
  }

  /** What code of the database says may quote values with these labels. */
  quotes(labels: readonly string[]): void {
    for (const label of labels) this.#quoted.add(label);
    if (labels.length > 0) this.touchesLabels = true;
  }

  runsAllCode(): void {
    for (const oid of this.world.rules.withCode()) {
      const relation = this.world.byOid(oid);
      if (relation) this.runsCode(relation, 'keep');
    }
  }

  /** What is read says what the server has counted, or planned. */
  measures(measure: MeasureFact): void {
    this.#measures.set(`${measure.name} ${measure.tells}`, measure);
  }

  call({ told: tells = [], ...fact }: FunctionFact & Partial<CalledFunction>): void {
    const key = `${fact.schema}.${fact.name}`;
    if (this.#functions.has(key)) return;
    this.#functions.set(key, fact);
    for (const each of tells) this.measures({ what: 'counter', name: fact.name, tells: each });
    for (const effect of functionEffects(fact.name, fact.categories)) {
      this.#effects.add(effect);
      this.#callEffects.add(effect);
    }
    const reason = functionReason(fact);
    if (reason !== undefined) this.incomplete(reason);
    if (fact.categories.includes('network') || takesKey.test(fact.name)) this.secret = true;
    if (fact.categories.includes('unknown') || fact.categories.includes('dynamic_sql')) this.changesSearchPath = true;
  }

  get effects(): readonly PostgresEffect[] {
    return postgresEffects.filter((effect) => this.#effects.has(effect));
  }
  get reasons(): readonly string[] {
    return [...this.#reasons];
  }
  get filters(): readonly FilterFact[] {
    return [...this.#filters.values()];
  }
  get functions(): readonly FunctionFact[] {
    return [...this.#functions.values()];
  }
  get relations(): readonly RelationFact[] {
    return [...this.#relations.values()].map(({ schema, name, kind, access, columns, whole = [] }) => ({
      ...{ schema, name, kind, access },
      columns: [...columns.keys()],
      labels: union(...[...columns.values()].map(({ labels }) => labels), whole),
    }));
  }
  get measured(): readonly MeasureFact[] {
    return [...this.#measures.values()];
  }
  get quoted(): readonly string[] {
    return [...this.#quoted].sort();
  }
  /** Relations that the catalog knows, read or written. */
  get named(): readonly LeanRelation[] {
    return [...this.#relations.values()].flatMap(({ relation }) => relation ?? []);
  }
  /** What is read of each relation that the catalog knows. */
  get reads(): readonly ReadEntry[] {
    return [...this.#relations.values()].flatMap((entry) =>
      entry.relation && entry.access === 'read' ? [{ ...entry, relation: entry.relation }] : [],
    );
  }
  /** Literals of the statement stand beside labelled values: what is compared with one, or stored in one. */
  get meetsLabels(): boolean {
    for (const { use } of this.#filters.values()) if (use !== 'null_test') return true;
    for (const { access, columns } of this.#relations.values()) {
      if (access === 'write') for (const { labels } of columns.values()) if (labels.length > 0) return true;
    }
    return false;
  }

  #touchCatalog({ relation, name, ofNobody }: Base): void {
    if (ofNobody) return;
    const stored = storedIn(relation.name, name);
    this.#stores(relation, stored);
    const tells = told(relation.name, name);
    const column = `${relation.name}.${name}`;
    if (tells === undefined && stored === undefined) this.incomplete(`what ${column} tells is not known here`);
    if (tells !== undefined && isCounter(tells)) this.measures({ what: 'counter', name: column, tells });
  }

  #stores(relation: LeanRelation, what: string | undefined): void {
    if (what !== undefined) this.incomplete(`${relation.schema}.${relation.name} holds ${what}`);
  }

  #entry(relation: LeanRelation, access: Access): Entry {
    const known = this.#known[access].get(relation.oid);
    if (known) return known;
    const kind = relation.kind === 'composite_type' ? 'unknown' : relation.kind;
    const entry = newEntry(relation.schema, relation.name, kind, access, relation);
    this.#known[access].set(relation.oid, entry);
    this.#relations.set(`${access} ${relation.oid}`, entry);
    return entry;
  }
}

function newEntry(
  schema: string,
  name: string,
  kind: RelationFact['kind'],
  access: Access,
  relation?: LeanRelation,
): Entry {
  return { relation, schema, name, kind, access, columns: new Map(), searched: new Set(), nulls: new Set() };
}
