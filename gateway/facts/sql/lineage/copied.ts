import type { CopiedFact } from '../../../contract/command-postgres.ts';
import { labelledName } from '../catalog/labels.ts';
import { labelsOf, type Base } from '../catalog/world.ts';

/**
 * Where labelled values go when a statement stores them, or calls them by another name: what labels have to follow. What chose the rows (a
 * condition, a join) is no copy: whoever may filter by a label may write down what they have found.
 */
export class Copies {
  readonly #sources = new Map<string, Set<Base>>();
  /** What stands there already. */
  readonly #carried = new Map<string, readonly string[]>();

  /** @param carried labels that `column` has */
  add(column: string, sources: Iterable<Base>, carried: readonly string[]): void {
    const known = this.#sources.get(column) ?? new Set<Base>();
    for (const source of sources) known.add(source);
    this.#sources.set(column, known);
    this.#carried.set(column, carried);
  }

  /** Runs `read` without noting what it would copy. */
  without(read: () => void): void {
    const before = new Map(this.#sources);
    read();
    this.#sources.clear();
    for (const [column, sources] of before) this.#sources.set(column, sources);
  }

  /** A column that is filled may be the source of another one of the same statement (`excluded`): round by round, until nothing is added. */
  get facts(): readonly CopiedFact[] {
    const reached = new Map<string, Set<Base>>();
    for (let grown = true; grown;) {
      grown = false;
      for (const [column, sources] of this.#sources) {
        const here = reached.get(column) ?? new Set<Base>();
        const before = here.size;
        for (const source of sources) {
          if (source.labels.length > 0) here.add(source);
          for (const more of reached.get(`${labelledName(source.relation)}.${source.name}`) ?? []) here.add(more);
        }
        reached.set(column, here);
        grown ||= here.size > before;
      }
    }
    return [...reached].flatMap(([column, sources]) => {
      const carried = this.#carried.get(column) ?? [];
      const labels = labelsOf(sources).filter((label) => !carried.includes(label));
      if (labels.length === 0) return [];
      const from = [...sources].filter((base) => base.labels.some((label) => labels.includes(label)));
      return [{ column, labels, sources: from.map((base) => base.key) }];
    });
  }
}
