import type { FindingRule } from '../lint/finding-rules.ts';
import type { Expectation, LineCase } from './case.ts';
import { differences } from './compare.ts';
import { factLines } from './facts.ts';
import type { Judge } from './judge.ts';
import { judgeLine, type JudgedLine } from './judged.ts';
import type { LineSuite } from './read.ts';
import type { TestCase } from './report.ts';

export interface LineRun {
  readonly cases: readonly TestCase[];
  /** Rules behind the findings of all lines that ran. */
  readonly fired: ReadonlySet<FindingRule>;
}

/** Judges every case whose name holds `filter`, in the order of files. */
export async function runLines(
  suite: Pick<LineSuite, 'cases' | 'targets'>,
  judge: Judge,
  rules: readonly FindingRule[],
  filter = '',
): Promise<LineRun> {
  const fired = new Set<FindingRule>();
  const cases: TestCase[] = [];
  for (const one of suite.cases) {
    const name = nameOf(one);
    const target = suite.targets.get(one.target);
    if (target === undefined || !`${one.file} ${name}`.toLowerCase().includes(filter.toLowerCase())) continue;
    const began = performance.now();
    const judged = await judgeLine({ text: one.run, params: one.params }, target, one, judge, rules);
    const durationMs = performance.now() - began;
    for (const { rule } of judged.findings) if (rule !== undefined) fired.add(rule);
    const wrong = differences(one.expect, judged);
    const status = wrong.length === 0 ? 'passed' : 'failed';
    const details =
      wrong.length === 0
        ? []
        : [
            ...wrong.map(({ what, expected, actual }) => `${what}: expected ${expected}, got ${actual}`),
            ...silentRules(one.expect, judged, rules),
            ...reasons(judged),
          ];
    cases.push({ suite: one.file, line: one.line, name, on: 'lines', durationMs, status, details });
  }
  return { cases, fired };
}

/** What was found and by which rule, and the facts that they had to go by. */
export function reasons({ findings, commands, refused }: JudgedLine): readonly string[] {
  const found = findings.map(({ kind, id, msg, rule }) => {
    const where = rule === undefined ? 'the gateway itself' : `${rule.title ?? rule.id}, ${rule.file}:${rule.line}`;
    return `${kind} ${id}: ${msg} (${where})`;
  });
  const facts = commands.flatMap((command) => ['facts:', ...factLines(command).map((line) => `  ${line}`)]);
  return [...(refused === '' ? [] : [`refused: ${refused}`]), ...found, ...facts];
}

/** Where the rules are that were expected to speak. */
function silentRules(
  { findings = [] }: Expectation,
  judged: JudgedLine,
  rules: readonly FindingRule[],
): readonly string[] {
  const missing = findings.filter((id) => !judged.findings.some((finding) => finding.id === id));
  return missing.flatMap((id) => {
    const named = rules.filter((rule) => rule.id === id);
    if (named.length === 0) return [`no rule has the id ${id}`];
    return named.map(({ kind, title = '', file, line }) => `did not match: ${kind} ${id} (${title}, ${file}:${line})`);
  });
}

function nameOf({ principal, run, note }: LineCase): string {
  const line = run.replace(/\s+/g, ' ').trim();
  return `${principal.id}: ${line}${note === undefined ? '' : ` (${note})`}`;
}
