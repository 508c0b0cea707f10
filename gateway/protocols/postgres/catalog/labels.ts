import type { FollowedBy, FollowedLabels, LabelAnchor, LabelKeeper } from '../../../contract/followed.ts';
import { type CatalogSnapshot, type ColumnLabels, labelledName, type SpreadLabels } from '../../../facts/sql/index.ts';

/** Found in the catalog: nobody's statement that came through the gateway. */
const elsewhere: FollowedBy = { session: '', identity: 'gateway', request: '' };

/**
 * The labels of one database's columns: what the bundle says, and what followed labelled values into other columns or under other names.
 * What followed is only ever added to here. A label for a name that does not exist (the statement failed, the transaction was rolled back)
 * costs nothing; one that is missing shows a value.
 */
export class TargetLabels {
  readonly #keeper: LabelKeeper;
  readonly #followed = new Map<string, Set<string>>();
  #bundle: ColumnLabels = new Map();
  #bundleVersion = '';
  #anchors = new Map<string, LabelAnchor>();
  #anchoredBy: string;
  /** Counts what followed. */
  #count = 0;
  #all: ColumnLabels = new Map();

  constructor(keeper: LabelKeeper) {
    this.#keeper = keeper;
    this.#add(keeper.followed());
    const { version, anchors } = keeper.anchors();
    this.#anchoredBy = version;
    this.#anchors = new Map(anchors.map((anchor) => [placeOf(anchor.relation, anchor.attnum), anchor]));
  }

  get all(): ColumnLabels {
    return this.#all;
  }

  /** Changes whenever `all` does. */
  get version(): string {
    return `${this.#bundleVersion} ${this.#count}`;
  }

  setBundle(labels: ColumnLabels, version: string): void {
    this.#bundle = labels;
    this.#bundleVersion = version;
    this.#merge();
  }

  /** @returns what of it is new, which is kept when this returns */
  follow(copies: readonly FollowedLabels[], by: FollowedBy): readonly FollowedLabels[] {
    const fresh = copies.flatMap(({ column, labels, sources }) => {
      const missing = labels.filter((label) => !this.#all.get(column)?.includes(label));
      return missing.length > 0 ? [{ column, labels: missing, sources }] : [];
    });
    if (fresh.length === 0) return fresh;
    // A temporary table ends with its session, and every session with this process.
    const lasting = fresh.filter(({ column }) => !column.startsWith('pg_temp.'));
    if (lasting.length > 0) this.#keeper.follow(lasting, by);
    this.#add(fresh);
    this.#merge();
    return fresh;
  }

  /** All of them, as they are over what an open transaction sees: a labelled column that it has given another name is labelled under that. */
  over({ relations }: CatalogSnapshot, spread: SpreadLabels): ColumnLabels {
    if (this.#anchors.size === 0) return this.#all;
    const all = new Map(this.#all);
    for (const relation of relations)
      for (const { name, attnum } of relation.columns) {
        const anchor = this.#anchors.get(placeOf(relation.oid, attnum));
        const lost = anchor?.labels.filter((label) => !spread.get(relation.oid)?.get(name)?.includes(label)) ?? [];
        if (lost.length === 0) continue;
        const column = `${labelledName(relation)}.${name}`;
        all.set(column, [...new Set([...(all.get(column) ?? []), ...lost])].sort());
      }
    return all;
  }

  /**
   * Another reading of the catalog: a labelled column that has got another name, or has lost the parent that it was labelled for, keeps its labels.
   * @param spread by `all`, over this snapshot
   * @returns what follows by that
   */
  settle(snapshot: CatalogSnapshot, spread: SpreadLabels): readonly FollowedLabels[] {
    const sameBundle = this.#anchoredBy === this.#bundleVersion;
    const lost: FollowedLabels[] = [];
    const found = new Map<string, LabelAnchor>();
    const anchored = new Set([...this.#anchors.values()].map(({ relation }) => relation));
    for (const relation of snapshot.relations) {
      const own = spread.get(relation.oid);
      if (!own && !anchored.has(relation.oid)) continue;
      if (relation.kind === 'catalog' || relation.schema.startsWith('pg_temp_')) continue;
      for (const { name, attnum } of relation.columns) {
        const place = placeOf(relation.oid, attnum);
        const anchor = this.#anchors.get(place);
        const labels = own?.get(name) ?? [];
        if (!anchor && labels.length === 0) continue;
        const column = `${labelledName(relation)}.${name}`;
        const gone = anchor ? this.#lost(anchor, column, labels, sameBundle) : [];
        if (anchor && gone.length > 0) lost.push({ column, labels: gone, sources: [anchor.column] });
        const now = [...labels, ...gone];
        if (now.length > 0) found.set(place, { relation: relation.oid, attnum, column, labels: now });
      }
    }
    const fresh = this.follow(lost, elsewhere);
    this.#keep(found);
    return fresh;
  }

  #lost(anchor: LabelAnchor, column: string, labels: readonly string[], sameBundle: boolean): readonly string[] {
    const missing = anchor.labels.filter((label) => !labels.includes(label));
    // What another bundle does not say any more is not lost, unless it says it still, of the old name.
    if (sameBundle) return missing;
    return anchor.column === column ? [] : missing.filter((label) => this.#all.get(anchor.column)?.includes(label));
  }

  #keep(anchors: Map<string, LabelAnchor>): void {
    const text = (all: ReadonlyMap<string, LabelAnchor>): string => JSON.stringify([...all.values()]);
    if (this.#anchoredBy === this.#bundleVersion && text(anchors) === text(this.#anchors)) return;
    this.#keeper.anchor(this.#bundleVersion, [...anchors.values()]);
    this.#anchors = anchors;
    this.#anchoredBy = this.#bundleVersion;
  }

  #add(more: readonly FollowedLabels[]): void {
    for (const { column, labels } of more) {
      const known = this.#followed.get(column) ?? new Set<string>();
      for (const label of labels) known.add(label);
      this.#followed.set(column, known);
      this.#count++;
    }
  }

  #merge(): void {
    const all = new Map(this.#bundle);
    for (const [column, labels] of this.#followed)
      all.set(column, [...new Set([...(all.get(column) ?? []), ...labels])].sort());
    this.#all = all;
  }
}

function placeOf(relation: number, attnum: number): string {
  return `${relation}.${attnum}`;
}

/** For where nothing has to outlive the process. */
export function forgetfulKeeper(): LabelKeeper {
  return {
    followed: () => [],
    follow: () => undefined,
    anchors: () => ({ version: '', anchors: [] }),
    anchor: () => undefined,
  };
}
