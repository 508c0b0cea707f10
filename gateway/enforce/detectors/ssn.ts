import { after, alnum, before, digit, is, type Stretch } from './bytes.ts';

const space = 0x20;
const dash = 0x2d;
const form = /^(?!000|666)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}$/;
const length = 11;

/**
 * What looks like a social security number of the United States: AAA-GG-SSSS with dashes or spaces. Areas that are never given out are
 * left out (000, 666), those of taxpayer numbers (9xx) are not. Nine digits in a row could be anything, and are not taken for one.
 * @returns its end, or -1
 */
export function ssnAt(text: Stretch, at: number): number {
  const last = at + length;
  if (last > text.end || (text.source[at + 3] !== dash && text.source[at + 3] !== space)) return -1;
  const previous = before(text, at);
  if (is(previous, alnum) || previous === dash || is(after(text, last), alnum)) return -1;
  if (after(text, last) === dash && is(after(text, last + 1), digit)) return -1;
  return form.test(text.source.toString('latin1', at, last)) ? last : -1;
}
