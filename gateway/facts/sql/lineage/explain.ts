import type { LeanRelation } from '../catalog/catalog.ts';
import { node, nodes, only, text, type Node } from '../text/node.ts';
import type { Ledger } from './ledger.ts';
import type { Outcome, StatementReader } from './outcome.ts';
import type { Walk } from './scope.ts';
import { isOn } from './settings.ts';
import type { World } from '../catalog/world.ts';

/** EXPLAIN: a plan names what its statement names, and shows what the server knows of values without reading them. */
export function readExplain(walk: Walk, body: Node, readStatement: StatementReader): Outcome {
  const options = nodes(body, 'options').map((entry) => only(entry, 'DefElem') ?? {});
  const query = node(body, 'query') ?? {};
  // The last of several counts. https://www.postgresql.org/docs/current/sql-explain.html
  const asked = (name: string): Node | undefined => options.findLast((option) => text(option, 'defname') === name);
  const analyze = asked('analyze');
  const costs = asked('costs');
  const run = (): void => {
    const { handle } = readStatement(walk, query);
    if (handle) walk.ledger.incomplete('the statement behind the name is not known here');
  };
  walk.ledger.explains();
  if (analyze && isOn(analyze)) run();
  else walk.ledger.planned(run);
  // Widths are estimated from samples of the values; how much memory a sort took, ANALYZE measures on the values themselves.
  // What planning takes of memory and buffers follows from the samples themselves.
  const loud = ['analyze', 'memory', 'buffers', 'serialize', 'wal'].some((name) => {
    const option = asked(name);
    return option !== undefined && isOn(option);
  });
  const reads = walk.ledger.relations.some(({ access, labels }) => access === 'read' && labels.length > 0);
  if (reads && (!costs || isOn(costs))) walk.ledger.measures({ what: 'plan', name: 'costs', tells: 'room' });
  if (reads && loud) walk.ledger.measures({ what: 'plan', name: 'work', tells: 'room' });
  // What an update writes tells how alike old and new values are: counters.ts. So does how many entries of an index a later query finds (`Heap Fetches`), whichever columns it reads.
  if (loud && worksOnLabels(walk.ledger)) walk.ledger.measures({ what: 'plan', name: 'work', tells: 'writing' });
  return { columns: [{ name: 'QUERY PLAN', sources: new Set() }] };
}

/** Whether the statement works on a table with labelled columns: one that it names, or that stands behind a view or a policy of such. */
function worksOnLabels(ledger: Ledger): boolean {
  if (ledger.touchesLabels) return true;
  const { world } = ledger;
  const reached = new Set(ledger.named);
  for (const relation of reached) for (const behind of standBehind(world, relation)) reached.add(behind);
  return [...reached].some((relation) => world.labelled(relation).length > 0);
}

function standBehind(world: World, relation: LeanRelation): readonly LeanRelation[] {
  const policies = world.rules.of(relation.oid).filter((rule) => rule.kind === 'policy');
  const stored = [...world.rules.storedIn(relation.oid), ...policies.map(({ reads }) => reads.relation)];
  return [...(world.view(relation)?.relations ?? []), ...stored.flatMap((oid) => world.byOid(oid) ?? [])];
}
