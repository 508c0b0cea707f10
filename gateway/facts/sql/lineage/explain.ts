import type { RelationFact } from '../../../contract/command-postgres.ts';
import { node, nodes, only, text, type Node } from '../text/node.ts';
import type { Outcome, StatementReader } from './outcome.ts';
import type { Walk } from './scope.ts';
import { isOn } from './settings.ts';

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
  const quiet = costs && !isOn(costs) && !loud;
  // What an update writes tells how alike old and new values are: measures.ts. So does how many entries of an index a later query finds (`Heap Fetches`), whichever columns it reads.
  const told = ({ access, labels }: RelationFact): boolean => labels.length > 0 && (access === 'read' || loud);
  const counted = loud && walk.ledger.touchesLabels;
  if (!quiet && (counted || walk.ledger.relations.some(told)))
    walk.ledger.incomplete(
      'a plan tells how long labelled values are: say EXPLAIN (COSTS OFF), without ANALYZE, MEMORY, BUFFERS',
    );
  return { columns: [{ name: 'QUERY PLAN', sources: new Set() }] };
}
