import type { LeanRelation } from '../catalog/catalog.ts';
import type { Ledger } from '../lineage/ledger.ts';
import { labelledName } from '../catalog/labels.ts';
import { flag, nameParts, node, nodes, only, text, type Node } from '../text/node.ts';
import { readTarget } from './write.ts';
import type { Walk } from '../lineage/scope.ts';

/**
 * A column has labels that follow from what it hangs on: a parent, a foreign key, an expression, the query of a materialized view. Where that goes and
 * the values stay, its labels have to be its own.
 */
function settle({ copies, world }: Ledger, relation: LeanRelation): void {
  for (const base of world.labelled(relation))
    copies.add(`${labelledName(relation)}.${base.name}`, [base], world.givenTo(base));
}

/** ALTER TABLE that takes away what labels came by. */
export function readParting(walk: Walk, body: Node): void {
  const { ledger } = walk;
  const { relation } = readTarget(walk, node(body, 'relation') ?? {});
  for (const entry of nodes(body, 'cmds')) {
    const command = only(entry, 'AlterTableCmd') ?? {};
    switch (text(command, 'subtype')) {
      case 'AT_DropInherit':
      case 'AT_DropExpression':
        if (relation) settle(ledger, relation);
        break;
      case 'AT_DropConstraint':
      case 'AT_DropColumn':
        if (relation) for (const each of [relation, ...referring(ledger, relation)]) settle(ledger, each);
        break;
      case 'AT_DetachPartition':
      case 'AT_DetachPartitionFinalize': {
        const name = node(only(node(command, 'def'), 'PartitionCmd') ?? {}, 'name') ?? {};
        const part = ledger.world.relation(text(name, 'schemaname'), text(name, 'relname'), ledger.path);
        if (part) settle(ledger, part);
        break;
      }
      default:
    }
  }
}

/** DROP ... CASCADE drops foreign keys too. */
export function readCascade({ ledger }: Walk, body: Node): void {
  if (text(body, 'behavior') !== 'DROP_CASCADE') return;
  const { world, path } = ledger;
  for (const object of nodes(body, 'objects')) {
    const whole = text(only(object, 'String') ?? {}, 'sval');
    const parts = nameParts(nodes(only(object, 'List') ?? {}, 'items'));
    const one = world.relation(parts.at(-2) ?? '', parts.at(-1) ?? '', path);
    const gone = text(body, 'removeType') === 'OBJECT_SCHEMA' ? [...world.relationsIn(whole)] : one ? [one] : [];
    for (const relation of gone) for (const each of referring(ledger, relation)) settle(ledger, each);
  }
}

function referring({ world }: Ledger, relation: LeanRelation): readonly LeanRelation[] {
  return world.rules.referrers(relation.oid).flatMap(({ from }) => world.byOid(from) ?? []);
}

/** CREATE OR REPLACE of what a materialized view was filled by: its rows stay, and are what the old definition brought. */
export function readReplaced({ ledger }: Walk, body: Node): void {
  if (!flag(body, 'replace') && !flag(body, 'is_or_replace')) return;
  const name = text(node(body, 'view') ?? {}, 'relname') || (nameParts(nodes(body, 'funcname')).at(-1) ?? '');
  const names = new Set([name]);
  // Definitions have every name qualified; one that holds it elsewhere counts as well. A set that grows while it is walked.
  for (const each of names)
    for (const relation of ledger.world.viewsNaming(each)) {
      names.add(relation.name);
      if (relation.kind === 'materialized_view') settle(ledger, relation);
    }
}
