import type { Module } from './ast.ts';
import { isFindingKind } from './finding-rules.ts';
import type { Problem } from './problem.ts';

/**
 * Helpers that two files of one package define. Rego makes one rule of both, true when either is: a helper of one's own could turn a rule
 * of the default pack on or off, and nobody would see it in either file. Sets (`contains`) are made to be added to.
 */
export function sharedNames(modules: readonly Module[]): readonly Problem[] {
  const first = new Map<string, { readonly file: string; readonly line: number }>();
  const told = new Set<string>();
  return modules.flatMap((module) =>
    module.rules.flatMap(({ name, key, location }) => {
      if (key !== undefined || isFindingKind(name)) return [];
      const path = `${module.package}.${name}`;
      const known = first.get(path);
      if (known === undefined) first.set(path, { file: module.file, line: location.line });
      if (known === undefined || known.file === module.file || told.has(`${module.file} ${path}`)) return [];
      told.add(`${module.file} ${path}`);
      const message = `${name} is also defined in ${known.file}:${known.line}, and both count as one`;
      const instead = `Give it a name of its own, or call the other one.`;
      const { line, column } = location;
      return [{ file: module.file, line, column, check: 'shared-name', severity: 'error', message, instead }];
    }),
  );
}
