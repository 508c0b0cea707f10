import type { Direction } from '../compare/compare.ts';
import type { Example, Group, TrialReport } from './tally.ts';

/** What a trial was made of, for the first line of its report. */
export interface TrialAbout {
  readonly old: string;
  readonly new: string;
  readonly recordings: number;
  /** Commands that could not be judged, by the reason. */
  readonly unjudged: Readonly<Record<string, number>>;
  /** What a reader has to know to judge the result. */
  readonly notes: readonly string[];
}

/** Groups that are shown of each kind; JSON has all. */
const shown = 10;
const longest = 100;

/** For a terminal. Somebody's texts are in it: whoever prints it makes it safe. */
export function trialText(report: TrialReport, about: TrialAbout): string {
  const out = [`${headline(report, about)}.`, ...notesOf(about).map((note) => `note: ${note}`)];
  if (isUnchanged(report)) return [...out, '', 'Nothing would have been decided otherwise.'].join('\n');
  out.push('', ...columns(report.effects.map((e) => [`${e.before} -> ${e.after}`, number(e.commands)])));
  for (const [title, groups] of groupsOf(report)) out.push('', `by ${title}`, ...columns(groupRows(groups)));
  out.push('', 'examples');
  for (const one of report.examples) {
    const { change } = one;
    out.push(
      `  ${one.before.effect} -> ${one.after.effect} (${change.direction}): ${one.principal} on ${one.target}, request ${one.request}`,
    );
    out.push(`    ${cut(one.text)}`, `    ${findingsOf(one)}`, ...changesOf(one).map((what) => `    ${what}`));
  }
  return out.join('\n');
}

/** For the comment of a pull request. */
export function trialMarkdown(report: TrialReport, about: TrialAbout): string {
  const out = ['### What this change of policy would have done', '', `${escaped(headline(report, about))}.`];
  for (const note of notesOf(about)) out.push('', `> ${escaped(note)}`);
  if (isUnchanged(report)) return [...out, '', 'Nothing would have been decided otherwise.', ''].join('\n');
  const ways = report.effects.map((e) => [`${e.before} → ${e.after}`, number(e.commands)]);
  out.push('', ...markdownTable(['decision', 'commands'], ways));
  for (const [title, groups] of groupsOf(report)) {
    const rows = groups
      .slice(0, shown)
      .map((g) => [escaped(cut(nameOf(g))), number(g.commands), number(g.loosened), number(g.tightened)]);
    out.push('', ...markdownTable([title, 'commands', 'loosened', 'tightened'], rows));
  }
  const examples = report.examples.map((one) => [
    `${one.before.effect} → ${one.after.effect}`,
    code(cut(one.text)),
    escaped(`${one.principal} on ${one.target}`),
    escaped([findingsOf(one), ...changesOf(one)].join('; ')),
  ]);
  out.push(
    '',
    '<details><summary>Examples</summary>',
    '',
    ...markdownTable(['decision', 'command', 'who', 'why'], examples),
    '',
    '</details>',
    '',
  );
  return out.join('\n');
}

export function headline({ commands, directions }: TrialReport, about: TrialAbout): string {
  const said: readonly (readonly [Direction, string])[] = [
    ['loosened', 'loosened'],
    ['tightened', 'tightened'],
    ['mixed', 'loosened in one thing and tightened in another'],
    ['reworded', 'the same in other words'],
    ['same', 'the same'],
  ];
  const counts = said.flatMap(([name, words]) =>
    directions[name] === 0 && name !== 'loosened' ? [] : [`${number(directions[name])} ${words}`],
  );
  return `${counted(commands, 'command')} of ${counted(about.recordings, 'recording')}, ${about.old} against ${about.new}: ${counts.join(', ')}`;
}

function notesOf({ unjudged, notes }: TrialAbout): readonly string[] {
  const left = Object.entries(unjudged).map(([why, n]) => `left out: ${counted(n, 'command')}, because ${why}`);
  return [...left, ...notes];
}

function isUnchanged({ directions: { loosened, tightened, mixed } }: TrialReport): boolean {
  return loosened + tightened + mixed === 0;
}

function groupsOf(
  report: TrialReport,
): readonly (readonly [string, readonly (Group & { readonly text?: string })[]])[] {
  return [
    ['rule', report.rules],
    ['principal', report.principals],
    ['target', report.targets],
    ['fingerprint', report.fingerprints],
  ];
}

function groupRows(groups: readonly (Group & { readonly text?: string })[]): readonly (readonly string[])[] {
  const rows = groups.slice(0, shown).map((group) => {
    const { commands, loosened, tightened } = group;
    return [cut(nameOf(group)), number(commands), `${number(loosened)} loosened`, `${number(tightened)} tightened`];
  });
  const more = groups.length - rows.length;
  return more === 0 ? rows : [...rows, [`and ${number(more)} more`]];
}

function nameOf({ name, text }: Group & { readonly text?: string }): string {
  return text === undefined ? name : `${name} ${text}`;
}

function findingsOf({ before, after }: Example): string {
  const ids = (findings: readonly string[]) => [...new Set(findings)].join(' ') || 'none';
  return `findings ${ids(before.findings)} -> ${ids(after.findings)}`;
}

/** Without the effects, which stand above it. */
function changesOf({ before, after, change }: Example): readonly string[] {
  return [...change.loosened, ...change.tightened].filter((what) => what !== `${before.effect} -> ${after.effect}`);
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map(
    (row) =>
      `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')}`,
  );
}

function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)];
}

function cut(text: string): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  return plain.length <= longest ? plain : `${plain.slice(0, longest - 1).toWellFormed()}…`;
}

export function counted(n: number, what: string): string {
  return `${number(n)} ${what}${n === 1 ? '' : 's'}`;
}

function number(n: number): string {
  return n.toLocaleString('en');
}

/** Nothing in it is markup, mentions somebody or refers to an issue. */
function escaped(text: string): string {
  return text.replace(/[&\\`*_[\]<>#|~@]/g, (sign) => `&#${String(sign.codePointAt(0))};`);
}

/** A code span that no backtick in it ends (spec.commonmark.org, section 6.1), in a table's cell. */
function code(text: string): string {
  const fence = '`'.repeat(Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length)) + 1);
  return `${fence} ${text.replaceAll('|', '\\|')} ${fence}`;
}
