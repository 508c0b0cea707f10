import { after, alnum, before, digit, is, isSeparator, type Stretch } from './bytes.ts';

const plus = 0x2b;
const open = 0x28;
const close = 0x29;
const zero = 0x30;
/** E.164: fifteen digits at most. */
const mostDigits = 15;
/** Enough for every digit with a separator on both sides of it. */
const longest = 40;

/**
 * A telephone number that begins at `at`: international (E.164, with + or 00), North American in groups (303-555-0123), or national with
 * its leading 0 in groups. Digits in one row without + or 00 could be anything, and are not taken for one.
 * @returns its end, or -1
 */
export function phoneAt(text: Stretch, at: number): number {
  const previous = before(text, at);
  if (is(previous, alnum) || previous === plus) return -1;
  // "1.030 55": the end of some longer number.
  if (previous !== undefined && isSeparator(previous) && is(before(text, at - 1), digit)) return -1;
  const groups: number[] = [];
  let digits = '';
  let end = -1;
  let found = -1;
  let i = at + (text.source[at] === plus ? 1 : 0);
  for (const last = Math.min(text.end, at + longest); i < last && digits.length < mostDigits;) {
    const byte = text.source[i] ?? 0;
    if (is(byte, digit)) {
      const goesOn = i === end && groups.length > 0;
      groups.push(goesOn ? (groups.pop() ?? 0) + 1 : 1);
      digits += String.fromCharCode(byte);
      end = ++i;
      const next = after(text, end);
      // Where a group ends a number may; the longest is it.
      if (!is(next, alnum) && isPhone(text.source[at] ?? 0, digits, groups)) found = end;
      continue;
    }
    // Two in a row only around brackets: "(030) 123".
    const apart = isSeparator(byte) && (i === end || byte === open || text.source[i - 1] === close || i === at);
    if (!apart) break;
    i++;
  }
  return found;
}

function isPhone(first: number, digits: string, groups: readonly number[]): boolean {
  if (first === plus) return digits.length >= 8 && !digits.startsWith('0');
  if (digits.startsWith('00')) return digits.length >= 10 && !digits.startsWith('000');
  if (groups.length < 2) return false;
  // 01.02.2026 10 is a date with an hour; 3-2-4 is how social security numbers are written.
  const isOther = groups[1] === 2 && groups[2] === 4 && (groups[0] === 2 || groups[0] === 3);
  if (digits.charCodeAt(0) === zero) return digits.length >= 9 && digits.length <= 12 && !isOther;
  const national = groups.join() === '3,3,4' ? digits : groups.join() === '1,3,3,4' ? digits.replace(/^1/, '') : '';
  return /^[2-9]\d\d[2-9]\d{6}$/.test(national);
}
