import type { LeanRelation } from '../catalog/catalog.ts';
import type { Loose } from '../text/loose.ts';
import { scanOrders } from '../catalog/scan-orders.ts';
import { noColumns, type World } from '../catalog/world.ts';

/**
 * The order of rows that the statement does not order.
 *
 * A plan may read a table along any of its indexes (src/backend/optimizer/path/indxpath.c): where a condition, a join or an order names one of
 * the index's columns, or where all that is read of the table stands in the index. Rows then come sorted by columns that nobody named, and
 * whoever puts a row of their own between them learns a labelled value by halving. So a table that has such an index is loose until a query
 * settles what order its rows come in, or hides it.
 */
export class RowOrder {
  #loose: Loose = new Map();
  readonly #told = new Set<number>();
  readonly #veiled = new Set<number>();
  #runs = true;
  readonly #times = new Map<number, number>();

  /** What the query that is being read leaves open so far. */
  get loose(): Loose {
    return this.#loose;
  }

  /** Tables whose order shows already, whatever is made of what was read. */
  get told(): ReadonlySet<number> {
    return this.#told;
  }

  /** Tables of which many rows are read, in an order that shows in nothing but which of them fails first. */
  get veiled(): ReadonlySet<number> {
    return this.#veiled;
  }

  /** Whether nothing else of the statement reads the table: then it is known which row of it a column belongs to. */
  isOnce(oid: number): boolean {
    return this.#times.get(oid) === 1;
  }

  /** A relation stands in FROM, as `item`. */
  reads(world: World, relation: LeanRelation, item: object): void {
    if (!this.#runs) return;
    if (relation.kind === 'view') {
      const { loose, told, veiled } = world.view(relation)?.rows ?? noColumns.rows;
      this.readsAgain(loose);
      this.tells(told);
      for (const oid of veiled) this.#veiled.add(oid);
    } else if (scanOrders(world, relation).length > 0) this.#adds(item, relation.oid);
  }

  /** Reads a part of which no row will come. */
  planned<Result>(read: () => Result): Result {
    return this.#while(false, read);
  }

  /** Reads what planning may run already: the body of a function that is said to be immutable. */
  run<Result>(read: () => Result): Result {
    return this.#while(true, read);
  }

  #while<Result>(runs: boolean, read: () => Result): Result {
    const before = this.#runs;
    this.#runs = runs;
    const result = read();
    this.#runs = before;
    return result;
  }

  /** What was read once before is read in another place. */
  readsAgain(loose: Loose): void {
    for (const oid of loose.values()) this.#adds({}, oid);
  }

  #adds(item: object, oid: number): void {
    this.#loose.set(item, oid);
    this.#times.set(oid, (this.#times.get(oid) ?? 0) + 1);
  }

  /** What a part left open stays open. The map is not the caller's any more: of a long UNION it is handed on from arm to arm. */
  keeps(loose: Loose): void {
    if (this.#loose.size === 0) this.#loose = loose;
    else for (const [item, oid] of loose) this.#loose.set(item, oid);
  }

  /** The query being read says in what order these rows come, or that there is one at most. */
  settles(item: object): void {
    this.#loose.delete(item);
  }

  /** The query being read hides in what order these rows come. */
  veils(item: object): void {
    const oid = this.#loose.get(item);
    if (oid !== undefined) this.#veiled.add(oid);
    this.settles(item);
  }

  /** How it goes on depends on which row of these tables came first. */
  tells(oids: Iterable<number> = this.#loose.values()): void {
    for (const oid of oids) this.#told.add(oid);
  }

  /** Reads a part by itself. @returns what it left loose, for the caller to say what becomes of it */
  apart<Result>(read: () => Result): { readonly result: Result; readonly loose: Loose } {
    const outside = this.#loose;
    this.#loose = new Map();
    const result = read();
    const loose = this.#loose;
    this.#loose = outside;
    return { result, loose };
  }

  /** Reads a part in which rows count, and not their order. */
  hidden<Result>(read: () => Result): Result {
    const { result, loose } = this.apart(read);
    for (const oid of loose.values()) this.#veiled.add(oid);
    return result;
  }

  /** Reads a part whose order of rows shows, whatever is made of it. */
  shown<Result>(read: () => Result): Result {
    const { result, loose } = this.apart(read);
    this.tells(loose.values());
    return result;
  }
}
