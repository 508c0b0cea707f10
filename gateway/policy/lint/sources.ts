import { z } from 'zod';
import type { Where } from '../build/opa.ts';
import type { PolicyFolder } from '../build/pack.ts';
import { parseRego } from '../build/parse.ts';
import { isPolicySource, originsOf } from '../build/stage.ts';
import { readModule, type Module } from './ast.ts';
import type { Problem } from './problem.ts';

/** What directories of policies hold: their Rego as trees, their data files by path. */
export interface PolicySources {
  readonly modules: readonly Module[];
  /** Data files: their name below the directory, and where they lie. */
  readonly data: readonly (readonly [name: string, path: string])[];
  /** Files that OPA cannot parse. */
  readonly problems: readonly Problem[];
}

/** @throws SallyportError `opa-failed` when there is nothing to read */
export async function readSources(
  opa: string,
  folders: readonly PolicyFolder[],
  where: Where = {},
): Promise<PolicySources> {
  const origins = await originsOf(folders, isPolicySource);
  const isRego = ([name]: readonly [string, string]) => name.endsWith('.rego');
  const parsed = await Promise.all(origins.filter(isRego).map(([, path]) => parse(opa, path, where)));
  return {
    modules: parsed.flatMap((p) => p.module ?? []),
    data: origins.filter((origin) => !isRego(origin)),
    problems: parsed.flatMap((p) => p.problems),
  };
}

const errorReport = z.object({
  errors: z.array(
    z.object({
      message: z.string(),
      location: z.object({ file: z.string(), row: z.number(), col: z.number() }).optional(),
    }),
  ),
});

/** What OPA says is wrong, as JSON or otherwise. @param original where a file lay before it was copied */
export function opaProblems(said: string, fallback: string, original = (file: string) => file): readonly Problem[] {
  const report = errorReport.safeParse(jsonOf(said));
  if (!report.success) return [{ ...start(fallback), ...opaSays(said.trim() || 'OPA said nothing') }];
  return report.data.errors.map(({ message, location }) => {
    if (location === undefined) return { ...start(fallback), ...opaSays(message) };
    const at = { file: original(location.file), line: location.row, column: Math.max(1, location.col) };
    return { ...at, ...opaSays(message) };
  });
}

async function parse(
  opa: string,
  path: string,
  where: Where,
): Promise<{ readonly module?: Module; readonly problems: readonly Problem[] }> {
  const parsed = await parseRego(opa, path, where);
  if (!parsed.ok) return { problems: opaProblems(parsed.stderr || parsed.stdout || parsed.error.message, path) };
  return { module: readModule(path, parsed.tree), problems: [] };
}

function opaSays(message: string): Omit<Problem, 'file' | 'line' | 'column'> {
  return { check: 'opa', severity: 'error', message, instead: insteadOf(message) };
}

function insteadOf(message: string): string {
  if (message.includes('unused')) return 'Use the variable, or write _ in its place.';
  if (message.startsWith('undefined function')) return 'Call what policies/capabilities.json lists.';
  if (message.includes('undefined ref')) return 'Use a field that docs/reference lists for this input.';
  if (message.includes('unsafe')) return 'Bind the variable with some, := or a function argument first.';
  return 'Correct it: openpolicyagent.org/docs/policy-language.';
}

function start(file: string): Pick<Problem, 'file' | 'line' | 'column'> {
  return { file, line: 1, column: 1 };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // OPA wrote prose; the caller shows it
  }
}
