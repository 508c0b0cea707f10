import type { FindingRule } from '../lint/finding-rules.ts';

/** Line numbers by file. */
export type Lines = ReadonlyMap<string, ReadonlySet<number>>;

/** How much of the policies some test went through. */
export interface Coverage {
  readonly covered: number;
  readonly total: number;
  /** 0 to 100. */
  readonly percent: number;
  /** Rules with a finding that no Rego test and no line made. */
  readonly silent: readonly Pick<FindingRule, 'id' | 'title' | 'file' | 'line'>[];
}

/**
 * Both kinds of tests together: a line counts when a Rego test evaluated it, or when it belongs to a rule whose finding a typed line had.
 * @param fired rules behind the findings of all lines
 */
export function coverageOf(
  rego: { readonly covered: Lines; readonly missed: Lines },
  fired: ReadonlySet<FindingRule>,
  rules: readonly FindingRule[],
): Coverage {
  const isFired = (file: string, line: number) =>
    [...fired].some((rule) => rule.file === file && rule.line <= line && line <= rule.endLine);
  let [covered, total] = [0, 0];
  for (const file of new Set([...rego.covered.keys(), ...rego.missed.keys()])) {
    const seen = rego.covered.get(file) ?? new Set();
    // One line can hold an expression that ran and one that did not: it counts as missed.
    const missed = [...(rego.missed.get(file) ?? [])];
    const open = missed.filter((line) => !isFired(file, line));
    const lines = new Set([...seen, ...missed]);
    total += lines.size;
    covered += lines.size - open.length;
  }
  const isSilent = (rule: FindingRule) => !fired.has(rule) && !(rego.covered.get(rule.file)?.has(rule.line) ?? false);
  const silent = rules.filter(isSilent).map(({ id, title, file, line }) => ({ id, title, file, line }));
  return { covered, total, percent: total === 0 ? 0 : (100 * covered) / total, silent };
}
