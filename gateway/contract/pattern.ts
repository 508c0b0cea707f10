import { RE2JS } from 're2js';

/** In the place of a label, in a mask: what a stream prints is searched by that expression. */
const prefix = 'pattern:';
const maxLength = 512;
/** Of the compiled program: what a search costs for each byte, at the worst. */
const maxProgram = 2_000;
/** Expressions that were read. Policy names few, again and again. */
const maxKnown = 256;
const known = new Map<string, SearchPattern | string>();

export function namesPattern(label: string): boolean {
  return label.startsWith(prefix);
}

/** Bytes `[start, end)`. */
export type Span = readonly [start: number, end: number];

/**
 * An expression of RE2, the one that Rego's `regex.match` knows: without look-around and back-references, so linear whatever is searched.
 * It is read over bytes, one line at a time: `.` is a byte, and a character beyond ASCII is written by its bytes (`\xc3\xa9`).
 */
export interface SearchPattern {
  /** All matches in a line that is given as Latin-1, from left to right. @param from where to begin; what lies before is only looked at */
  spans(line: string, from: number): readonly Span[];
  /**
   * Whether one of several lines may hold a match; where not, none does. Asking for all of them at once costs what their bytes cost, and each by itself
   * a search. @param lines as Latin-1, each ended by LF or CR, or by the end
   */
  mayBeIn(lines: string): boolean;
}

/** @returns a sentence when the label names no expression that can be searched by */
export function patternOf(label: string): SearchPattern | string {
  const read = known.get(label) ?? readPattern(label.slice(prefix.length));
  if (!known.has(label) && known.size < maxKnown) known.set(label, read);
  return read;
}

function readPattern(text: string): SearchPattern | string {
  if (text === '' || text.length > maxLength) return `an expression has 1 to ${maxLength} characters`;
  if (!/^[ -~]*$/.test(text)) return 'an expression is ASCII: write bytes beyond it as \\x..';
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (expression.programSize() > maxProgram) return 'the expression is too large when it is written out';
  if (expression.matcher('').find()) return 'the expression matches the empty text';
  const inLines = anyLine(text);
  return {
    mayBeIn: (lines) => inLines?.matcher(lines.replaceAll('\r', '\n')).find() ?? true,
    spans(line, from) {
      const matcher = expression.matcher(line);
      const spans: Span[] = [];
      for (let found = matcher.find(from); found; found = matcher.find())
        if (matcher.end() > matcher.start()) spans.push([matcher.start(), matcher.end()]);
      return spans;
    },
  };
}

/**
 * The same expression over many lines: with `^` and `$` at the beginning and end of each, everything that it matches in a line by itself it matches there
 * among others, and it may match more.
 * @returns undefined where that is not so: `\A` and `\z` are of the whole text, as are `^` and `$` where a flag says so
 */
function anyLine(text: string): RE2JS | undefined {
  return /\\[Az]|\(\?\w*-/.test(text) ? undefined : RE2JS.compile(text, RE2JS.MULTILINE);
}
