import { classNames, classOf } from '../../gateway/testing/leak/classes.ts';
import { outcomes, type Outcome } from '../../gateway/testing/leak/conversation.ts';
import type { HonestRun, LeakRun, WrittenLeak } from '../../gateway/testing/leak/corpus.ts';
import type { GeneratorResult } from '../../gateway/testing/leak/generator/run.ts';
import { whyEquivalent } from './mutants.ts';
import type { Verdict } from './mutate.ts';

/** All of one run of the corpora. */
export interface CorpusReport {
  /** RFC 3339. */
  readonly at: string;
  readonly leak: {
    readonly statements: number;
    readonly runs: readonly LeakRun[];
    /** How many of the statements leak where no gateway is. */
    readonly direct: number;
    readonly written: { readonly files: number; readonly bytes: number; readonly leaks: readonly WrittenLeak[] };
  };
  readonly honest: readonly HonestRun[];
  /** Statements written before anybody had looked at what is refused, all of them. */
  readonly blind: readonly BlindRun[];
}

export type BlindRun = HonestRun & {
  /** What it would tell of labelled values: so it has to be refused. */
  readonly tells: string | undefined;
};

/** Share of honest statements that has to run. */
export const honestAim = 0.95;

export function allowedShare(honest: readonly HonestRun[]): number {
  return honest.length === 0 ? 0 : honest.filter(ran).length / honest.length;
}

export function leaksOf({ leak }: CorpusReport): number {
  return leak.runs.filter(({ leaks }) => leaks.length > 0).length + leak.written.leaks.length;
}

/** What a build goes by: no leak, and enough honest statements. */
export function isGood(report: CorpusReport): boolean {
  return leaksOf(report) === 0 && allowedShare(report.honest) >= honestAim;
}

function ran({ outcome }: HonestRun): boolean {
  return outcome === 'allowed' || outcome === 'masked';
}

interface ClassRow {
  readonly name: string;
  readonly statements: number;
  readonly runs: number;
  readonly by: Readonly<Record<Outcome, number>>;
  readonly leaks: number;
}

function classRow(name: string, runs: readonly LeakRun[]): ClassRow {
  const count = (outcome: Outcome): number => runs.filter((run) => run.outcome === outcome).length;
  return {
    name,
    statements: new Set(runs.map(({ id }) => id)).size,
    runs: runs.length,
    by: { denied: count('denied'), failed: count('failed'), masked: count('masked'), allowed: count('allowed') },
    leaks: runs.filter(({ leaks }) => leaks.length > 0).length,
  };
}

/** What is refused rightly is listed with what it would tell, the rest with the rule. */
function renderBlind(blind: readonly BlindRun[]): readonly string[] {
  if (blind.length === 0) return [];
  const telling = blind.filter(({ tells }) => tells !== undefined);
  const others = blind.filter(({ tells }) => tells === undefined);
  const share = `${percent(allowedShare(others))} of the ${String(others.length)} that tell nothing, ${percent(allowedShare(blind))} of all`;
  return [
    '',
    `Blind sets: ${String(blind.length)} statements of people who do not know what is masked run: ${share}`,
    `  ${String(telling.length)} tell of labelled values:`,
    ...telling.map((run) => `  ${run.id} ${run.outcome}: it would tell ${run.tells ?? ''}`),
    '  refused needlessly:',
    ...others.filter((run) => !ran(run)).map(({ id, outcome, reason }) => `  ${id} ${outcome}: ${reason}`),
  ];
}

/** For a terminal. */
export function renderReport(report: CorpusReport): string {
  const { leak, honest, blind } = report;
  const rows = [...classNames, 'others'].flatMap((name) => {
    const runs = leak.runs.filter(({ id }) => classOf(id) === name);
    return runs.length === 0 ? [] : [classRow(name, runs)];
  });
  const table = [
    ['class', 'statements', 'runs', ...outcomes, 'leaks'],
    ...[...rows, classRow('all', leak.runs)].map((row) => [
      row.name,
      ...[row.statements, row.runs, ...outcomes.map((outcome) => row.by[outcome]), row.leaks].map(String),
    ]),
  ];
  const unsteady = [...new Set(leak.runs.filter((run) => run.unsteady).map(({ id }) => id))];
  return [
    'Leak corpus: each statement by each role, each way, on two databases that differ only in labelled values',
    ...aligned(table),
    ...leak.runs.filter(({ leaks }) => leaks.length > 0).map(leakLine),
    `${String(leak.direct)} of ${String(leak.statements)} leak a value in a known form where no gateway is.`,
    ...(unsteady.length > 0
      ? [`Never twice the same answer, so only searched for values: ${unsteady.join(', ')}.`]
      : []),
    writtenLine(leak.written),
    ...leak.written.leaks.map(({ name, pieces }) => `  LEAK ${name}: ${JSON.stringify(pieces.slice(0, 3))}`),
    '',
    `Honest corpus: ${percent(allowedShare(honest))} of ${String(honest.length)} statements run (at least ${percent(honestAim)})`,
    ...honest.filter((run) => !ran(run)).map(({ id, outcome, reason }) => `  ${id} ${outcome}: ${reason}`),
    ...renderBlind(blind),
    '',
    isGood(report) ? '0 leaks' : `${String(leaksOf(report))} leaks, ${percent(allowedShare(honest))} honest: NOT GOOD`,
    '',
  ].join('\n');
}

function leakLine({ id, role, way, leaks }: LeakRun): string {
  return `  LEAK ${id} as ${role}, ${way}: ${leaks.slice(0, 3).join('; ')}`;
}

function writtenLine({ files, bytes, leaks }: CorpusReport['leak']['written']): string {
  const what = `${String(files)} files, ${(bytes / 1_048_576).toFixed(1)} MiB`;
  return `Recordings, audit log, decision log, state, metrics and log: ${what}, ${String(leaks.length)} with a value in them.`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function aligned(table: readonly (readonly string[])[]): readonly string[] {
  const widths = (table[0] ?? []).map((_, i) => Math.max(...table.map((cells) => cells[i]?.length ?? 0)));
  return table.map((cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  );
}

/** What became of made-up statements, for a terminal. */
export function renderGenerated(result: GeneratorResult & { readonly seed: number }): string {
  const { statements, by, compared, findings, seed } = result;
  const counts = outcomes.map((outcome) => `${String(by[outcome])} ${outcome}`).join(', ');
  return [
    `${String(statements)} statements from seed ${String(seed)}: ${counts}.`,
    `${String(compared)} allowed ones brought the rows that the database itself brings.`,
    ...findings.flatMap((finding) => [
      '',
      `FOUND (seed ${String(finding.seed)}, ${finding.way}): ${finding.what}`,
      `  ${finding.shrunk}`,
      `  made simple from: ${finding.statement}`,
    ]),
    '',
    findings.length === 0 ? '0 findings' : `${String(findings.length)} findings: NOT GOOD`,
    '',
  ].join('\n');
}

/** Which rules the tests miss when they are gone, for a terminal. */
export function renderMutants(
  results: readonly {
    readonly file: string;
    readonly line: number;
    readonly rule: string;
    readonly verdict: Verdict;
  }[],
): string {
  const of = (verdict: Verdict) => results.filter((result) => result.verdict === verdict);
  const place = ({ file, line, rule }: (typeof results)[number]): string => `  ${file}:${String(line)}  ${rule}`;
  const survived = of('survived');
  return [
    `${String(results.length)} rules switched off one at a time: ${String(of('noticed').length)} noticed.`,
    ...of('equivalent').map((result) => `${place(result)}\n    cannot be noticed: ${whyEquivalent(result)}`),
    ...survived.map((result) => `MISSED\n${place(result)}`),
    `${String(survived.length)} missed`,
    '',
  ].join('\n');
}
