import { isContinuation, isDigit, isLetter, put, type Write } from './cell.ts';
import { hiddenText } from './redact.ts';

/**
 * What `partial` leaves of a text. Each form is strict: a value that is not exactly what its label promises
 * ("4111 1111 1111 1111 cvv 123") is hidden whole, or the wrong four digits would stay.
 */
const star = 0x2a;
const hidden = Buffer.from(hiddenText);
const hide = (target: Buffer, at: number): number => put(hidden, target, at);

/** Longest text that the digit forms look at; a value of digits and separators is never longer. */
const maxFormBytes = 64;

/** The first character and no length. Values of up to four characters are hidden whole. */
export const partialText: Write = (source, start, end, target, at) => {
  let characters = 0;
  let first = start;
  for (let i = start; i < end && characters < 5; i++) {
    if (!isContinuation(source[i] ?? 0)) characters++;
    if (characters === 1) first = i + 1;
  }
  const bytes = first - start;
  // More than four bytes for one character, or none: not UTF-8.
  if (characters < 5 || bytes > 4 || isContinuation(source[start] ?? 0)) return hide(target, at);
  for (let i = 0; i < bytes; i++) target[at + i] = source[start + i] ?? 0;
  return bytes + hide(target, at + bytes);
};

/**
 * Stars for all digits but the last `shown`; separators stay.
 * @param least fewest digits that such a value can have; fewer, or more than `most`, hides the value whole
 */
export function lastDigits(shown: number, least: number, most: number, separators: string): Write {
  const isSeparator = new Uint8Array(256);
  for (const byte of Buffer.from(separators)) isSeparator[byte] = 1;
  return (source, start, end, target, at) => {
    if (end - start > maxFormBytes) return hide(target, at);
    let digits = 0;
    for (let i = start; i < end; i++) {
      const byte = source[i] ?? 0;
      if (isDigit(byte)) digits++;
      else if (isSeparator[byte] === 0) return hide(target, at);
    }
    if (digits < least || digits > most) return hide(target, at);
    let left = digits - shown;
    for (let i = start; i < end; i++) {
      const byte = source[i] ?? 0;
      target[at + i - start] = isDigit(byte) && left-- > 0 ? star : byte;
    }
    return end - start;
  };
}

/** ISO/IEC 7812: 12 to 19 digits. PCI DSS 3.4.1 lets the last four be shown. */
export const partialCard = lastDigits(4, 12, 19, ' -.');

export const partialSsn = lastDigits(4, 9, 9, ' -');

/** Two digits only: with the area and the last four a number is found. E.164 has at most 15. */
export const partialPhone = lastDigits(2, 7, 15, ' -.()+/');

/** Country and last four: ISO 13616, two letters, two check digits, 11 to 30 more. */
export const partialIban: Write = (source, start, end, target, at) => {
  if (end - start > maxFormBytes) return hide(target, at);
  let characters = 0;
  for (let i = start; i < end; i++) {
    const byte = source[i] ?? 0;
    if (byte === 0x20) continue;
    const fits = characters < 2 ? isLetter(byte) : isDigit(byte) || (characters >= 4 && isLetter(byte));
    if (!fits) return hide(target, at);
    characters++;
  }
  if (characters < 15 || characters > 34) return hide(target, at);
  let seen = 0;
  for (let i = start; i < end; i++) {
    const byte = source[i] ?? 0;
    const shown = byte === 0x20 || seen < 2 || seen >= characters - 4;
    if (byte !== 0x20) seen++;
    target[at + i - start] = shown ? byte : star;
  }
  return end - start;
};

/** The domain after the last `@`. Nothing of the name: its first letter and the domain often tell the person. */
export const partialEmail: Write = (source, start, end, target, at) => {
  let sign = end - 1;
  while (sign > start && source[sign] !== 0x40) sign--;
  if (sign <= start || !isHostName(source, sign + 1, end)) return hide(target, at);
  const stars = hide(target, at);
  for (let i = sign; i < end; i++) target[at + stars + i - sign] = source[i] ?? 0;
  return stars + end - sign;
};

/** At least two labels, the last one begins with a letter: RFC 1123 section 2.1, and UTF-8 for RFC 6531. */
function isHostName(source: Buffer, start: number, end: number): boolean {
  if (end - start < 3 || end - start > 253) return false;
  let lastDot = -1;
  for (let i = start; i < end; i++) {
    const byte = source[i] ?? 0;
    if (byte === 0x2e) {
      if (i === start || lastDot === i - 1) return false;
      lastDot = i;
    } else if (!isDigit(byte) && !isLetter(byte) && byte !== 0x2d && byte < 0x80) return false;
  }
  const top = source[lastDot + 1] ?? 0;
  return lastDot > start && lastDot + 1 < end && (isLetter(top) || top >= 0x80);
}
