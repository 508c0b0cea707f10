import { hash } from 'node:crypto';

/**
 * What stands in for labelled values, in two databases that differ in nothing else.
 *
 * Text is written in an alphabet that nothing else here uses, one for each database, with capital and small letters and three bytes to a
 * letter in UTF-8: a single letter in what comes out is a piece of a value, in whatever case or order, and is no accident. A number cannot
 * be written so: it has fourteen digits and two decimals, and eight digits of it in a row are a piece, but for those in a digest.
 */
export type Side = 'a' | 'b';
export const sides: readonly Side[] = ['a', 'b'];

/** Glagolitic and Coptic: code points of their letters, first and last. */
export const alphabets: Readonly<Record<Side, readonly [first: number, last: number]>> = {
  a: [0x2c00, 0x2c5f],
  b: [0x2c80, 0x2cdf],
};

/** What is secret in setup.sql: labelled values whole, or the part of them that says who somebody is, and a password in a catalog. */
const secretTexts: readonly string[] = [
  '078-05-1120', '219-09-9999', '457-55-5462', '536-90-4399', '212-09-7694', '301-55-0001',
  '4111111111111111', '5555555555554444', '378282246310005', '6011111111111117',
  'alice.adams', 'bob.brown', 'carol.cole', 'dan.dole', 'eve.eads', 'vip.person',
  'zebracanary', 'giraffecanary', 'quokkacanary', 'narwhalcanary', 'hashcanary', 'fdwpasscanary',
  'DE89370400440532013000', 'GB82WEST12345698765432', 'FR1420041010050500013M02606',
]; // prettier-ignore
const secretNumbers: readonly string[] = ['123456.78', '65432.10'];

/** The values of a side as they stand in its database, for digests of whole values. */
export interface Canaries {
  readonly texts: readonly string[];
  readonly numbers: readonly string[];
}

/**
 * The script with this side's canaries in place of the secrets.
 * On side A equal secrets stay equal; on side B every occurrence is a value of its own: which values equal each other, and how they sort,
 * differs between the sides, too.
 * @param lengths whether side B's are longer by up to two letters
 * @param equal on side B equal secrets stay equal, too: what somebody looks up is found in the same rows on both
 */
export function disguiseScript(
  script: string,
  side: Side,
  lengths: 'same' | 'other',
  equal = false,
): { readonly script: string; readonly canaries: Canaries } {
  let text = script;
  for (const secret of secretTexts) {
    let nth = 0;
    const longer = (): number => (lengths === 'other' ? (secret.length + nth) % 3 : 0);
    text = text.replaceAll(secret, () =>
      side === 'a' || equal ? disguiseText(secret, side, 0) : disguiseText(secret, side, nth++, longer()),
    );
  }
  const numbers = secretNumbers.map((secret) => disguiseNumber(secret, side));
  for (const [i, secret] of secretNumbers.entries()) text = text.replaceAll(secret, numbers[i] ?? '');
  const [first, last] = alphabets[side];
  const whole = new RegExp(`'([^'\\n]*[\\u{${first.toString(16)}}-\\u{${last.toString(16)}}][^'\\n]*)'`, 'gu');
  const texts = [...new Set([...text.matchAll(whole)].map(([, value = '']) => value))];
  return { script: text, canaries: { texts, numbers } };
}

/**
 * A statement that quotes a secret, or a piece of one, quotes side A's: a guess that is right on one side and wrong on the other.
 * @param side whose it quotes instead: what policy lets be asked is asked with each side's own value, and has to bring the same
 */
export function disguiseStatement(statement: string, side: Side = 'a'): string {
  let text = statement;
  for (const secret of secretTexts) {
    const canary = disguiseText(secret, side, 0);
    for (let length = secret.length; length >= 4; length -= 1) {
      // A piece is what only the secret can be meant by: its beginning, or most of it.
      const starts = length >= 6 ? Array.from({ length: secret.length - length + 1 }, (_, i) => i) : [0];
      for (const start of starts)
        text = text.replaceAll(secret.slice(start, start + length), canary.slice(start, start + length));
    }
  }
  return text;
}

/** Stands around a value that is looked up. */
const lookedUp = /<look-up:(.*?)>/g;

export function lookUpOf(secret: string): string {
  return `<look-up:${secret}>`;
}

/** A statement as one side is asked: with side A's values as guesses, and its own as what it looks up. */
export function disguiseFor(side: Side, own: boolean, statement: string): string {
  const asked = statement.replaceAll(lookedUp, (_, secret: string) => (own ? disguiseStatement(secret, side) : secret));
  return disguiseStatement(asked);
}

/** Letter for letter, so that a piece of the secret is a piece of its canary; what is no letter or digit stays. */
function disguiseText(secret: string, side: Side, nth: number, longer = 0): string {
  const [first, last] = alphabets[side];
  const chosen = hash('sha512', `${side} ${secret} ${String(nth)}`, 'buffer');
  const letter = (i: number): string =>
    String.fromCharCode(first + ((chosen[i % chosen.length] ?? 0) % (last - first + 1)));
  return secret.replace(/[A-Za-z0-9]/g, (_, i: number) => letter(i)) + letter(60).repeat(longer);
}

function disguiseNumber(secret: string, side: Side): string {
  const digits = [...hash('sha512', `${side} ${secret}`, 'buffer')].map((byte) => String(1 + (byte % 9))).join('');
  return `${digits.slice(0, 14)}.${digits.slice(14, 16)}`;
}
