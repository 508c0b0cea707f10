import type { FunctionBody } from './catalog.ts';
import { node, nodes, only, type Node } from '../text/node.ts';

/** The statements of a function in SQL: what its parameters default to, then its own. Undefined where they do not parse. */
export function parsedBody(
  { sql, atomic, defaults }: FunctionBody,
  parse: (text: string) => readonly Node[] | undefined,
): readonly Node[] | undefined {
  const before = defaults === null ? [] : parse(`SELECT ${defaults}`);
  const own = atomic ? atomicStatements(parse(`CREATE FUNCTION f() RETURNS void LANGUAGE sql ${sql}`)) : parse(sql);
  return before && own && [...before, ...own];
}

/** `BEGIN ATOMIC ... END` and `RETURN ...`: https://www.postgresql.org/docs/current/sql-createfunction.html */
function atomicStatements(definition: readonly Node[] | undefined): readonly Node[] | undefined {
  const body = node(only(definition?.[0], 'CreateFunctionStmt') ?? {}, 'sql_body') ?? {};
  const returned = node(only(body, 'ReturnStmt') ?? {}, 'returnval');
  if (returned) return [{ SelectStmt: { targetList: [{ ResTarget: { val: returned } }] } }];
  const list = nodes(only(body, 'List') ?? {}, 'items').flatMap((part) => nodes(only(part, 'List') ?? {}, 'items'));
  return list.length > 0 ? list : undefined;
}
