import type { Opened } from './messages.ts';

/** A column that the shadow's data labels otherwise. */
export interface LabelChange {
  readonly target: string;
  /** `schema.relation.column`. */
  readonly column: string;
  /** By the bundle in force; empty for none. */
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/**
 * How the labels of columns differ: facts carry those of the bundle in force, so no decision shows it.
 * @param inForce by target
 */
export function labelChanges(
  targets: readonly string[],
  inForce: (target: string) => ReadonlyMap<string, readonly string[]>,
  shadow: Opened['columns'],
): readonly LabelChange[] {
  const theirs = new Map(shadow.map(([target, columns]) => [target, new Map(columns)]));
  return targets.flatMap((target) => {
    const [before, after] = [inForce(target), theirs.get(target) ?? new Map<string, readonly string[]>()];
    return [...new Set([...before.keys(), ...after.keys()])].toSorted().flatMap((column) => {
      const [from, to] = [before.get(column) ?? [], after.get(column) ?? []];
      return sameSet(from, to) ? [] : [{ target, column, from, to }];
    });
  });
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((label) => b.includes(label));
}
