import { namesOfJsonPath } from './document-constant.ts';
import { clearAt, namesAt, placeOf, type Members, type Place } from './document-member.ts';
import { classifyCall, isBuiltIn, readMembers } from './expression.ts';
import { flag, literal, nameParts, node, nodes, only, text, type Node } from '../text/node.ts';
import type { Column, Scope, Walk } from './scope.ts';
import type { Base } from '../catalog/world.ts';

interface Opened {
  /** Of the function. */
  readonly name: string;
  readonly columns: readonly Column[];
}

/**
 * Documents of which parts are labelled, opened in FROM: `jsonb_each(payload)` has the names of their members and, in the other column, whatever stands in them;
 * `jsonb_to_record(payload) AS r (source text)` has the members that it names.
 * @param body of a RangeFunction
 * @returns undefined, with nothing written down, for anything else
 */
export function openedDocument(walk: Walk, body: Node, scope: Scope): Opened | undefined {
  const [list, ...others] = nodes(body, 'functions');
  const [tree, definitions] = nodes(node(list ?? {}, 'List') ?? {}, 'items');
  const call = only(tree, 'FuncCall');
  if (!call || others.length > 0 || (definitions && 'List' in definitions)) return undefined;
  const parts = nameParts(nodes(call, 'funcname'));
  const name = parts.at(-1) ?? '';
  const [first, ...more] = nodes(call, 'args');
  const place =
    first && more.length === 0 && isBuiltIn(walk, parts) ? placeOf(walk.ledger.world, first, scope) : undefined;
  if (!place) return undefined;
  const columns = opened(walk, name, place, nodes(body, 'coldeflist'));
  if (columns) walk.ledger.call(classifyCall(walk, parts));
  const numbered = flag(body, 'ordinality') ? [{ name: 'ordinality', sources: new Set<Base>() }] : [];
  return columns && { name, columns: [...columns, ...numbered] };
}

function opened(walk: Walk, name: string, place: Place, defined: readonly Node[]): readonly Column[] | undefined {
  switch (name) {
    case 'jsonb_each':
    case 'jsonb_each_text': {
      const key = column(walk, 'key', namesAt(place));
      if (!key) return undefined;
      const { document } = place;
      if (name === 'jsonb_each') return [key, { name: 'value', sources: new Set([document]) }];
      // As text: what kind of value it is does not show, but whether there is one.
      walk.ledger.touch(document, 'null_test');
      return [key, { name: 'value', sources: new Set([walk.ledger.world.textOf(document)]), form: 'derived' }];
    }
    case 'jsonb_to_record':
      return all(
        defined.map((entry) => {
          const member = text(only(entry, 'ColumnDef') ?? {}, 'colname');
          return column(walk, member, clearAt(place, [[member]]));
        }),
      );
    default:
      return undefined;
  }
}

/** JSON_TABLE of which each column says by a JSON path where it is from, and none leads to what is labelled: one that does may fail. @param body of a JsonTable */
export function openedTable(walk: Walk, body: Node, scope: Scope): readonly Column[] | undefined {
  const context = node(node(body, 'context_item') ?? {}, 'raw_expr') ?? {};
  const start = placeOf(walk.ledger.world, context, scope);
  const inside = start && under(start, node(body, 'pathspec'));
  const columns = inside && tableColumns(walk, nodes(body, 'columns'), inside);
  if (columns) walk.expression({ ...body, context_item: null }, scope, 'join');
  return columns;
}

function tableColumns(walk: Walk, list: readonly Node[], place: Place): readonly Column[] | undefined {
  const read = list.map((entry): readonly Column[] | undefined => {
    const each = only(entry, 'JsonTableColumn') ?? {};
    const name = text(each, 'name');
    const path = node(each, 'pathspec');
    switch (text(each, 'coltype')) {
      case 'JTC_FOR_ORDINALITY':
        return [{ name, sources: new Set<Base>() }];
      case 'JTC_NESTED': {
        const inside = under(place, path);
        return inside && tableColumns(walk, nodes(each, 'columns'), inside);
      }
      case 'JTC_REGULAR':
      case 'JTC_EXISTS':
      case 'JTC_FORMATTED': {
        const at = path ? under(place, path) : { ...place, path: [...place.path, name] };
        const one = at && column(walk, name, clearAt(at, [[]]));
        return one && [one];
      }
      default:
        return undefined;
    }
  });
  return all(read)?.flat();
}

/** `$`, or a path that begins with a name. */
function under(place: Place, spec: Node | undefined): Place | undefined {
  const path = node(only(spec, 'JsonTablePathSpec') ?? spec ?? {}, 'string') ?? {};
  if (literal(path)?.trim() === '$') return place;
  const names = namesOfJsonPath(path);
  return names && { ...place, path: [...place.path, ...names] };
}

function column(walk: Walk, name: string, members: Members | undefined): Column | undefined {
  const sources = new Set<Base>();
  return readMembers(walk, members, 'join', sources) ? { name, sources, form: 'derived' } : undefined;
}

function all<Item>(list: readonly (Item | undefined)[]): readonly Item[] | undefined {
  const found = list.filter((each) => each !== undefined);
  return found.length === list.length && found.length > 0 ? found : undefined;
}
