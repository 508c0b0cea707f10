/** Names that a session keeps: prepared statements and cursors. */
import { constant, flag, integer, node, nodes, text, type Node } from '../text/node.ts';
import type { Outcome, StatementReader } from './outcome.ts';
import { emptyScope, type Walk } from './scope.ts';

/** The command stands for what it names: its own facts are those of the statement inside. */
export function readPrepare(walk: Walk, body: Node, readStatement: StatementReader): Outcome {
  const query = node(body, 'query') ?? {};
  const inner = readStatement(walk, query);
  return { ...inner, handle: { op: 'prepare', name: text(body, 'name'), query } };
}

export function readDeclare(walk: Walk, body: Node, readStatement: StatementReader): Outcome {
  const query = node(body, 'query') ?? {};
  const inner = readStatement(walk, query);
  const options = integer(body, 'options');
  // CURSOR_OPT_BINARY, CURSOR_OPT_HOLD: src/include/nodes/parsenodes.h
  return {
    ...inner,
    handle: {
      op: 'declare',
      name: text(body, 'portalname'),
      binary: (options & 1) !== 0,
      hold: (options & 32) !== 0,
      query,
    },
  };
}

export function readExecute(walk: Walk, body: Node): Outcome {
  const name = text(body, 'name');
  walk.ledger.effect('opaque');
  walk.ledger.incomplete(`what ${name} executes is known to the session only`);
  walk.expression(body['params'], emptyScope, 'expression');
  const args = nodes(body, 'params').map((arg) => constant(arg));
  return { handle: { op: 'execute', name, args: args.map((arg) => arg ?? null), computed: args.includes(undefined) } };
}

export function readFetch(walk: Walk, body: Node): Outcome {
  const name = text(body, 'portalname');
  walk.ledger.effect('opaque');
  walk.ledger.incomplete(`what ${name} fetches is known to the session only`);
  return { handle: { op: 'fetch', name, move: flag(body, 'ismove') } };
}

export function readDeallocate(walk: Walk, body: Node): Outcome {
  walk.ledger.effect('session');
  return { handle: { op: 'deallocate', name: flag(body, 'isall') ? null : nameOf(body, 'name') } };
}

export function readClose(walk: Walk, body: Node): Outcome {
  walk.ledger.effect('session');
  return { handle: { op: 'close', name: nameOf(body, 'portalname') } };
}

/** Null stands for all of them. */
function nameOf(body: Node, field: string): string | null {
  return text(body, field) === '' ? null : text(body, field);
}
