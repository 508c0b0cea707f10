import { literalOf, type Module } from './ast.ts';
import type { LabelData } from './label-data.ts';
import { undefinedLabel } from './literals.ts';
import { nearest, type Problem } from './problem.ts';

/** Paths below `data` that nothing defines. To Rego they are undefined, so the rule never fires, and nobody is told. */
export function dataPathProblems(modules: readonly Module[], { labels, roots }: LabelData): readonly Problem[] {
  const known = new Set([...roots, ...modules.map((module) => module.package.split('.')[0] ?? '')]);
  return modules.flatMap(({ file, dataPaths }) =>
    dataPaths.flatMap(({ names: [first, second], location: { line, column } }): readonly Problem[] => {
      const root = literalOf(first);
      if (root === undefined) return [];
      if (!known.has(root)) {
        const near = nearest(root, [...known]);
        const instead = near === undefined ? `One of ${[...known].sort().join(', ')}.` : `Write data.${near}.`;
        const message = `no data and no package defines data.${root}`;
        return [{ file, line, column, check: 'unknown-data', severity: 'error', message, instead }];
      }
      const label = root === 'labels' ? literalOf(second) : undefined;
      return second === undefined || label === undefined || labels.has(label)
        ? []
        : [{ ...undefinedLabel(second, labels), file }];
    }),
  );
}
