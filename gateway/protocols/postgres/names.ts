import type { StatementFacts } from '../../facts/sql/index.ts';
import { parseRowDescription, type PgField } from './codec/backend.ts';
import type { Frame } from './codec/frames.ts';
import type { Format } from './codec/frontend.ts';
import type { Unit } from './unit.ts';

/** What a statement meant when it was read. */
export interface Reading {
  /** Undefined for an empty statement. */
  readonly facts: StatementFacts | undefined;
  /** What each Execute offers, but for its parameters; undefined where that depends on other names (EXECUTE, FETCH). */
  readonly unit: Unit | undefined;
  /** Of the catalog: read again when catalog or labels have changed since. */
  readonly epoch: number;
  /** By which names were found. */
  readonly searchPath: readonly string[];
}

/** A prepared statement, made by Parse or by SQL's PREPARE: one name space on the server, so one here. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
  /** Renewed when it is bound under another catalog or search path: the server plans it anew, too. */
  reading: Reading;
  /** Type OIDs of the parameters, as declared by Parse and completed by ParameterDescription. */
  paramTypes: readonly number[];
  /** The result's shape once the server told it; null when it returns no rows. */
  fields: readonly PgField[] | null | undefined;
  /** The catalog's epoch when the description was last asked for; undefined when nobody did, or it never came. */
  describedAt?: number | undefined;
  /** The RowDescription that `fields` were read from. */
  description?: Buffer;
}

/** A portal, made by Bind, or a cursor, made by DECLARE: one name space too. */
export interface Portal {
  readonly name: string;
  readonly prepared: Prepared;
  /** Of the statement when it was bound: the server keeps to the tables that it found then. */
  reading: Reading;
  readonly params: readonly (string | null)[];
  readonly resultFormats: readonly Format[];
  /** Outlives its transaction: DECLARE ... WITH HOLD. */
  readonly holdable: boolean;
}

/** Drivers ask for the description at each run, and the server says the same each time: it is read once. */
export function describe(prepared: Prepared, frame: Frame): void {
  const { description } = prepared;
  if (description && frame.buffer.compare(description, 0, description.length, frame.start, frame.end) === 0) return;
  prepared.fields = parseRowDescription(frame);
  prepared.description = Buffer.from(frame.buffer.subarray(frame.start, frame.end));
}

/**
 * What the server knows by name, predicted ahead of its answers. A prediction may be used at once within its own segment: if what made it
 * fails, the server skips the use as well. Beyond the segment's Sync the server may have skipped the one and run the other, on an older
 * definition; so a use there has to wait for the server's word (`isCertain`).
 */
export class Names<T> {
  /** By the server's word. */
  readonly #known = new Map<string, T>();
  /** Sent and not answered yet, oldest first. */
  readonly #pending = new Map<string, Change<T>[]>();

  get(name: string): T | undefined {
    const last = this.#pending.get(name)?.at(-1);
    return last ? last.value : this.#known.get(name);
  }

  /** How many the server keeps for us. */
  get size(): number {
    return this.#known.size;
  }

  /** @param segment the one in which the name is about to be used */
  isCertain(name: string, segment: number): boolean {
    const last = this.#pending.get(name)?.at(-1);
    return !last || last.segment === segment;
  }

  /** Predicts that `name` now means `value`, or that it is gone. */
  predict(name: string, value: T | undefined, segment: number): Change<T> {
    let pending = this.#pending.get(name);
    if (!pending) this.#pending.set(name, (pending = []));
    const change = new Change(this.#known, pending, name, value, segment);
    pending.push(change);
    return change;
  }

  /** For changes the server has already made. */
  setKnown(name: string, value: T): void {
    this.#known.set(name, value);
  }

  forget(name: string): void {
    this.#known.delete(name);
  }

  /** Forgets what the server knew, but for what `keep` keeps. Predictions stay. */
  expire(keep: (value: T) => boolean): void {
    for (const [name, value] of this.#known) if (!keep(value)) this.#known.delete(name);
    for (const [name, pending] of this.#pending) if (pending.length === 0) this.#pending.delete(name);
  }
}

/** A prediction, until the server has spoken. */
export class Change<T> {
  readonly value: T | undefined;
  /** The stretch between two Syncs in which it was sent. */
  readonly segment: number;
  readonly #known: Map<string, T>;
  readonly #pending: Change<T>[];
  readonly #name: string;

  constructor(known: Map<string, T>, pending: Change<T>[], name: string, value: T | undefined, segment: number) {
    this.#known = known;
    this.#pending = pending;
    this.#name = name;
    this.value = value;
    this.segment = segment;
  }

  /** The server did it. */
  confirm(): void {
    this.#drop();
    if (this.value === undefined) this.#known.delete(this.#name);
    else this.#known.set(this.#name, this.value);
  }

  /** The server refused or skipped it. */
  undo(): void {
    this.#drop();
  }

  #drop(): void {
    const at = this.#pending.indexOf(this);
    if (at >= 0) this.#pending.splice(at, 1);
  }
}
