import { columnNames, type LeanRelation } from '../catalog/catalog.ts';
import type { Ledger } from './ledger.ts';
import type { Reads, ViewRows } from '../text/loose.ts';
import { scanOrders, type ScanOrder } from '../catalog/scan-orders.ts';
import type { Base, World } from '../catalog/world.ts';

/** Writes down by which labelled columns rows may come ordered, of all that the statement leaves open. */
export function readRowOrder(ledger: Ledger): void {
  const { told, loose, veiled } = ledger.rows;
  const open = new Set([...told, ...loose.values()]);
  if (open.size === 0 && veiled.size === 0) return;
  const reads = readsOf(ledger);
  for (const oid of new Set([...open, ...veiled])) {
    const relation = ledger.world.byOid(oid);
    const read = reads.get(oid);
    if (!relation || !read) continue;
    for (const order of scanOrders(ledger.world, relation))
      for (const base of decides(order, read)) {
        if (open.has(oid)) ledger.touch(base, 'index_order');
        // What the server says of a row that fails says which came first.
        else ledger.withholds(relation, base.labels);
      }
  }
}

/** The columns by whose values rows may come ordered if the table is read that way; none where no plan would. What has one value is not ordered by it. */
function decides({ keys, covers, labelled }: ScanOrder, { columns, searched, nulls }: Reads): readonly Base[] {
  const found = keys.filter((name) => searched.has(name));
  const covered = columns.size > 0 && [...columns].every((name) => covers.includes(name));
  return labelled.filter(({ name }) => covered || nulls.has(name) || found.some((each) => each !== name));
}

/** By table: what is read of views counts for the tables behind them. */
export function readsOf({ world, reads }: Ledger): ReadonlyMap<number, Reads> {
  const found = new Map<number, Reads>();
  const of = (oid: number): Reads => {
    const known = found.get(oid) ?? { columns: new Set(), searched: new Set(), nulls: new Set() };
    found.set(oid, known);
    return known;
  };
  for (const { relation, columns, searched, nulls } of reads) {
    for (const [name, base] of columns)
      for (const behind of tableColumns(world, base)) {
        const known = of(behind.relation.oid);
        known.columns.add(behind.name);
        if (searched.has(name)) known.searched.add(behind.name);
        if (nulls.has(name)) known.nulls.add(behind.name);
      }
    for (const [oid, inside] of viewRows(world, relation)?.reads ?? []) {
      for (const name of inside.searched) of(oid).searched.add(name);
      for (const name of inside.nulls) of(oid).nulls.add(name);
    }
  }
  return found;
}

function viewRows(world: World, relation: LeanRelation): ViewRows | undefined {
  return relation.kind === 'view' ? world.view(relation)?.rows : undefined;
}

function tableColumns(world: World, base: Base): readonly Base[] {
  if (base.relation.kind !== 'view') return [base];
  const sources = world.view(base.relation)?.sources[columnNames(base.relation).indexOf(base.name)];
  return [...(sources ?? [])].flatMap((source) => tableColumns(world, source));
}
