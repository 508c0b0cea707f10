import { withUnseen } from '../contract/unseen.ts';

/** Results go to standard output, everything said about them to standard error: a pipe gets results only. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined));
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * Rows under their headings, columns as wide as they need to be. Nothing in a cell can move the cursor or break a line.
 * @param width in columns, where the last cell of a row may be cut to what is left of it; not below 20
 */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], width = Infinity): string {
  const cells = [headings.map((h) => h.toUpperCase()), ...rows.map((row) => row.map(printable))];
  const widths = headings.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  const last = headings.length - 1;
  const room = Math.max(20, width - widths.slice(0, last).reduce((sum, each) => sum + each + 2, 0));
  return cells
    .map((row) =>
      row
        .map((cell, i) => (i === last ? cut(cell, room) : cell.padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Of the terminal that standard output is, in columns. */
export function terminalWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns : Infinity;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** Lines with columns in them, and somebody's text in those: no escape sequence of it reaches the terminal, and the columns stay. */
export function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\p{C}/gu, '\u{fffd}').trimEnd())
    .join('\n');
}

/** Text that somebody else wrote, made safe for a terminal: no control characters, one line. Nothing is left out: what a sequence holds may be what matters. */
export function printable(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/\p{C}/gu, '\u{fffd}').trim();
}

/** Text that somebody answers for, as it is: what cannot be seen by its code point, and lines where it has them, each behind `indent`. */
export function exactly(text: string, indent: string): string {
  return withUnseen(text).split('\n').join(`\n${indent}`);
}
