import type { PathFact } from '../../contract/command-postgres.ts';
import { maskMethods, type MaskMethod } from '../../contract/decision.ts';
import { columnMask, type CellMask } from '../../contract/mask.ts';
import type { Masks } from '../../contract/ports.ts';
import { jsonPathMask, type PathMask } from './json-paths.ts';

/**
 * A mask for JSON documents of which parts are labelled: what nobody labelled passes.
 * @param wanted method by label, as decided
 */
export function labelledPaths(
  paths: readonly PathFact[],
  wanted: { readonly [label: string]: MaskMethod },
  masks: Masks,
): CellMask {
  const found = paths.flatMap(({ path, labels }) => {
    const mask = columnMask({ name: '', sources: [], transform: 'plain', labels }, wanted);
    return mask ? [{ ...mask, names: path.split('.') }] : [];
  });
  const mostPrivateFirst = found.toSorted((a, b) => maskMethods.indexOf(a.method) - maskMethods.indexOf(b.method));
  return jsonPathMask(
    mostPrivateFirst.flatMap(({ names, method, label }): readonly PathMask[] => {
      const by: PathMask['masks'] = {
        text: masks.cellMask(method, label, 'text'),
        integer: masks.cellMask(method, label, 'integer'),
        decimal: masks.cellMask(method, label, 'decimal'),
        boolean: masks.cellMask(method, label, 'boolean'),
        json: masks.cellMask(method, label, 'json'),
      };
      // The elements of a PostgreSQL array of documents are masked one by one: there the first star has been followed already.
      const inside = names[0] === '*' && names.length > 1 ? [{ path: names.slice(1), masks: by }] : [];
      return [{ path: names, masks: by }, ...inside];
    }),
  );
}
