import { stripVTControlCharacters } from 'node:util';

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

/** Rows under their headings, columns as wide as they need to be. Nothing in a cell can move the cursor or break a line. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings.map((h) => h.toUpperCase()), ...rows.map((row) => row.map(printable))];
  const widths = headings.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Lines with columns in them, and somebody's text in those: no escape sequence of it reaches the terminal, and the columns stay. */
export function printableLines(text: string): string {
  const lines = stripVTControlCharacters(text).split('\n');
  return lines.map((line) => line.replace(/\p{C}/gu, '\u{fffd}').trimEnd()).join('\n');
}

/** Text that somebody else wrote, made safe for a terminal: no escape sequences, no control characters, one line. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/\s+/g, ' ').replace(/\p{C}/gu, '\u{fffd}').trim();
}
