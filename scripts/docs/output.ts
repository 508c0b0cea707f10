/**
 * Whether a text is what a page says. `…` stands for anything within a line, a line of `…` for any number of lines.
 * Widths do not count: a column is as wide as its widest value, and some values are different every time.
 */
export function matchesOutput(wanted: string, found: string): boolean {
  const lines = normalized(wanted).split('\n');
  const pattern = lines.map((line) => (line === '…' ? '(?:[^\\n]*\\n)*?' : `${lineInWords(line)}\\n`)).join('');
  return new RegExp(`^${pattern}$`).test(`${normalized(found)}\n`);
}

function lineInWords(line: string): string {
  return line
    .split('…')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('[^\\n]*');
}

/** A closing line of `…` may stand for nothing; so no blank line is kept at the ends. */
function normalized(text: string): string {
  const lines = text.split('\n').map((line) => line.replaceAll(/-{2,}/g, '--').replaceAll(/\s+/g, ' ').trim());
  return lines.join('\n').replaceAll(/^\n+|\n+$/g, '');
}
