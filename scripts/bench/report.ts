import type { Machine } from './machine.ts';
import { verdictOf, type Row, type Section, type Target, type Unit } from './result.ts';

/** All of one run. */
export interface Report {
  readonly command: string;
  /** RFC 3339. */
  readonly at: string;
  readonly machine: Machine;
  readonly sections: readonly Section[];
  readonly skipped: readonly string[];
}

const headings = ['measure', 'min', 'median', 'max', 'target', 'verdict'] as const;

/** For a terminal: columns as wide as they need to be. */
export function renderText(report: Report): string {
  const parts = report.sections.map((section) => {
    const lines = [headings, ...section.rows.map(cellsOf), ...section.figures.map(cellsOf)];
    return [section.title, ...aligned(lines).map((line) => `  ${line}`), ...section.skipped.map(skippedLine)].join(
      '\n',
    );
  });
  return [describe(report), ...parts, ...report.skipped.map(skippedLine), summary(report)].join('\n\n') + '\n';
}

/** The same for the reference page. */
export function renderMarkdown(report: Report): string {
  const { machine, at, command } = report;
  const parts = report.sections.map((section) =>
    [
      `### ${section.title}`,
      section.method,
      markdownTable(section.rows),
      ...(section.figures.length === 0 ? [] : ['Behind them:', markdownTable(section.figures)]),
      ...section.skipped.map((what) => `Not measured: ${what}.`),
    ].join('\n\n'),
  );
  return [
    `Made by \`${command}\` on ${at.slice(0, 10)}: ${machineInWords(machine)}.`,
    summary(report),
    ...parts,
    ...report.skipped.map((what) => `Not measured: ${what}.`),
  ].join('\n\n');
}

const begin = '<!-- bench:begin -->';
const end = '<!-- bench:end -->';

/** Puts the table into the page between its two marks. @throws Error when they are not there */
export function intoPage(page: string, table: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the page has no ${begin} and ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${table}\n\n${page.slice(to)}`;
}

/** As many digits as mean something. */
export function formatValue(value: number, unit: Unit): string {
  switch (unit) {
    case '×':
      return value.toFixed(2);
    case 'ms':
      return `${value.toFixed(3)} ms`;
    case 'per s':
    case 'krows/s':
    case 'MB/s':
      return `${Math.round(value).toLocaleString('en')} ${unit}`;
    case 'µs':
    case 'KiB':
    case 'MiB':
      return `${value.toFixed(Math.abs(value) < 10 ? 2 : 1)} ${unit}`;
    default:
      return unit satisfies never;
  }
}

function cellsOf(row: Row): readonly string[] {
  const { min, median, max } = row.spread;
  const verdict = verdictOf(row);
  return [
    row.measure,
    ...[min, median, max].map((value) => formatValue(value, row.unit)),
    row.target ? targetInWords(row.target, row.unit) : '',
    verdict === 'missed' ? 'MISSED' : verdict === 'met' ? 'met' : '',
  ];
}

function targetInWords({ kind, value, of }: Target, unit: Unit): string {
  const words = unit === '×' ? String(value) : `${String(value)} ${unit}`;
  return `${kind === 'at-least' ? 'at least' : 'below'} ${words}${of === 'max' ? ', always' : ''}`;
}

function markdownTable(rows: readonly Row[]): string {
  const lines = [headings, headings.map((_, i) => (i > 0 && i < 4 ? '---:' : '---')), ...rows.map(cellsOf)];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function aligned(lines: readonly (readonly string[])[]): readonly string[] {
  const widths = headings.map((_, i) => Math.max(...lines.map((cells) => cells[i]?.length ?? 0)));
  const pad = (cell: string, i: number): string =>
    i > 0 && i < 4 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0);
  return lines.map((cells) => cells.map(pad).join('  ').trimEnd());
}

function summary({ sections }: Report): string {
  const judged = sections.flatMap(({ title, rows }) => rows.map((row) => ({ title, row, verdict: verdictOf(row) })));
  const met = judged.filter(({ verdict }) => verdict === 'met').length;
  const missed = judged
    .filter(({ verdict }) => verdict === 'missed')
    .map(({ title, row }) => `${title}: ${row.measure}`);
  const list = missed.length > 0 ? `: ${missed.join('; ')}` : '';
  return `${String(met)} targets met, ${String(missed.length)} missed${list}.`;
}

function skippedLine(what: string): string {
  return `  not measured: ${what}`;
}

function describe({ command, at, machine }: Report): string {
  return `${command}, ${at}\n${machineInWords(machine)}`;
}

function machineInWords({ cpu, cores, memoryGiB, system, node, postgres, loadBefore }: Machine): string {
  const hardware = `${cpu}, ${String(cores)} cores, ${String(memoryGiB)} GiB`;
  return `${hardware}, ${system}, Node ${node}, PostgreSQL ${postgres}, load average ${String(loadBefore)} before the run`;
}
