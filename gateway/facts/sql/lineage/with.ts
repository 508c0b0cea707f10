import { flag, isSetOperation, nameParts, node, nodes, only, text, type Node } from '../text/node.ts';
import { blur, renamed, type Column, type NamedQueries, type NamedQuery, type Scope, type Walk } from './scope.ts';
import type { Loose } from '../text/loose.ts';
import type { Base } from '../catalog/world.ts';

/** The names a WITH clause makes, over those around it. Every query in it is read, named or not: it may write. */
export function readWith(walk: Walk, clause: Node | undefined, outer: Scope): NamedQueries {
  if (!clause) return outer.queries;
  const queries = new Map(outer.queries);
  const recursive = flag(clause, 'recursive');
  const own = nodes(clause, 'ctes').flatMap((entry) => {
    const body = only(entry, 'CommonTableExpr');
    if (!body) return [];
    // Without RECURSIVE a query sees those before it; with it, all of them.
    const scope = { items: [], outer: outer.outer, queries: recursive ? queries : new Map(queries) };
    const query = namedQuery(walk, body, scope, recursive);
    queries.set(text(body, 'ctename'), query);
    return [query];
  });
  for (const query of own) query.read();
  return queries;
}

/** Rounds after which a recursive query that still finds new sources is given up. Each round can only add sources. */
const maxRounds = 16;

interface WithQuery extends NamedQuery {
  read(): void;
}

function namedQuery(walk: Walk, body: Node, scope: Scope, recursive: boolean): WithQuery {
  const { rows } = walk.ledger;
  const names = nameParts(nodes(body, 'aliascolnames'));
  let done: readonly Column[] | undefined;
  let loose: Loose = new Map();
  let named = false;
  let sofar: readonly Column[] | undefined;
  let reading = false;
  const readAll = (): readonly Column[] => {
    const tree = node(body, 'ctequery') ?? {};
    const select = only(tree, 'SelectStmt');
    if (!recursive || !select || !isSetOperation(select)) return renamed(walk.ledger, walk.query(tree, scope), names);
    for (let round = 0; round < maxRounds; round += 1) {
      // The first round sees what the left arm alone brings.
      const columns = renamed(walk.ledger, sofar ? walk.query(tree, scope) : readFirstArm(walk, select, scope), names);
      if (sofar && sameSources(sofar, columns)) return columns;
      sofar = columns;
    }
    walk.ledger.incomplete(`recursive query ${text(body, 'ctename')} is too deep`);
    return sofar ?? [];
  };
  const read = (): readonly Column[] => {
    if (done) return done;
    if (reading) {
      if (sofar) return sofar;
      walk.ledger.incomplete(`query ${text(body, 'ctename')} refers to itself`);
      return [{ name: '*', sources: new Set<Base>(), wild: true }];
    }
    reading = true;
    const apart = rows.apart(readAll);
    loose = apart.loose;
    done = [...apart.result, ...searchColumns(walk, body, apart.result)];
    return done;
  };
  return {
    read,
    columns() {
      const columns = read();
      if (named) rows.readsAgain(loose);
      else rows.keeps(new Map(loose));
      named = true;
      return columns;
    },
  };
}

function readFirstArm(walk: Walk, select: Node, scope: Scope): readonly Column[] {
  const queries = readWith(walk, node(select, 'withClause'), scope);
  return walk.query({ SelectStmt: node(select, 'larg') ?? {} }, { ...scope, queries });
}

function sameSources(a: readonly Column[], b: readonly Column[]): boolean {
  return (
    a.length === b.length &&
    a.every((column, i) => column.sources.size === b[i]?.sources.size && column.form === b[i]?.form)
  );
}

/** Columns that SEARCH and CYCLE add: rows of values of the query's own columns. */
function searchColumns(walk: Walk, body: Node, columns: readonly Column[]): readonly Column[] {
  const search = node(body, 'search_clause');
  const cycle = node(body, 'cycle_clause');
  if (!search && !cycle) return [];
  const sources = blur(walk.ledger, columns, 'expression');
  const names = [
    ...(search ? [text(search, 'search_seq_column')] : []),
    ...(cycle ? [text(cycle, 'cycle_mark_column'), text(cycle, 'cycle_path_column')] : []),
  ];
  return names.map((name) => ({ name, sources }));
}
