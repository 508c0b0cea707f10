import { after, alnum, atom, beyond, is, joiner, lower, upper, type Stretch } from './bytes.ts';

const dot = 0x2e;
const dash = 0x2d;
/** RFC 5321, section 4.5.3.1. */
const longestLocal = 64;
const longestDomain = 255;
const local = alnum | joiner | atom | beyond;

/**
 * The address around an @, in letters of any script.
 * @param at of the @
 * @param from what lies before belongs to something else
 * @returns where it begins and ends, or undefined
 */
export function emailAround(
  text: Stretch,
  at: number,
  from: number,
): readonly [start: number, end: number] | undefined {
  const { source } = text;
  let start = at;
  const earliest = Math.max(from, at - longestLocal);
  while (start > earliest && is(source[start - 1], local)) start--;
  while (start < at && source[start] === dot) start++;
  const end = domainEnd(text, at + 1);
  return start < at && end > 0 ? [start, end] : undefined;
}

/** Past the last label of two letters or more that has a label before it; -1 where there is none. */
function domainEnd(text: Stretch, at: number): number {
  const last = Math.min(text.end, at + longestDomain);
  let [labels, begin, letters, end] = [0, at, 0, -1];
  for (let i = at; i <= last; i++) {
    const byte = i < last ? after(text, i) : undefined;
    if (is(byte, alnum | beyond) || byte === dash) {
      if (is(byte, upper | lower | beyond)) letters++;
      continue;
    }
    if (i === begin || text.source[begin] === dash || text.source[i - 1] === dash) break;
    labels++;
    if (labels > 1 && letters >= 2) end = i;
    if (byte !== dot) break;
    [begin, letters] = [i + 1, 0];
  }
  return end;
}
