import { hash } from 'node:crypto';
import { alphabets, type Canaries, type Side } from './canary.ts';

/** A piece of a canary, and the form in which it was found. */
export interface Piece {
  readonly form: string;
  readonly piece: string;
}

/** Letters in a row that make a piece in plain text, where random bytes could look like one, and in something decoded in many ways. */
const plainLetters = 2;
const decodedLetters = 3;
/** The gateway's files are full of numbers of its own, in which fewer would stand by chance. */
const pieceDigits = 8;
/** SHA-256 and longer, in which any digits do. */
const digest = /(?<![\da-f])(?=\d*[a-f])[\da-f]{64,}(?![\da-f])/gi;

/**
 * Every piece of this side's canaries in these bytes: as they are, and in hex, base64, octal and Unicode escapes, forwards and backwards,
 * in either case; and digests of whole values.
 * @param typed what the client said itself: it knew that already
 */
export function scan(bytes: Buffer, side: Side, canaries: Canaries, typed = ''): readonly Piece[] {
  const text = bytes.toString('utf8');
  const latin = bytes.toString('latin1');
  const own = typed.toLowerCase();
  const found = [
    ...letters(text, side, plainLetters).map((piece) => ({ form: 'plain', piece })),
    ...views(latin).flatMap(({ form, bytes: seen }) => encoded(seen, side).map((piece) => ({ form, piece }))),
    ...digits(text, canaries).map((piece) => ({ form: 'digits', piece })),
    ...binaryNumbers(latin, canaries).map((piece) => ({ form: 'binary number', piece })),
    ...digests(latin, canaries).map((piece) => ({ form: 'digest', piece })),
  ];
  return found.filter(({ piece }) => !own.includes(piece.toLowerCase()));
}

/** What rows say together: each column's values in one, and numbers read as the letters or bytes that they count. */
export function scanColumns(columns: readonly (readonly string[])[], side: Side, canaries: Canaries): readonly Piece[] {
  return columns.flatMap((values) => {
    const numbers = values.flatMap((value) => value.match(/\d+/g) ?? []).map(Number);
    const asLetters = numbers.map((n) => (n > 0 && n < 0x11_00_00 ? String.fromCodePoint(n) : ' ')).join('');
    const asBytes = Buffer.from(numbers.map((n) => (n < 256 ? n : 32)));
    return [
      ...scan(Buffer.from(values.join('')), side, canaries),
      ...letters(asLetters, side, decodedLetters).map((piece) => ({ form: 'code points', piece })),
      ...encoded(asBytes, side).map((piece) => ({ form: 'byte values', piece })),
    ];
  });
}

/** Runs of at least so many letters; what stands between two of them may be one other character. */
function letters(text: string, side: Side, least: number): readonly string[] {
  const [first, last] = alphabets[side];
  const letter = `[${String.fromCharCode(first)}-${String.fromCharCode(last)}]`;
  const runs = text.match(new RegExp(`${letter}(?:.?${letter}){${String(least - 1)},}`, 'gsu')) ?? [];
  return [...new Set(runs)];
}

function encoded(bytes: Buffer, side: Side): readonly string[] {
  // Every letter begins with the same byte, and there are many views.
  if (!bytes.includes(0xe2)) return [];
  const backwards = Buffer.from(bytes).reverse();
  return [bytes, backwards].flatMap((each) => letters(each.toString('utf8'), side, decodedLetters));
}

interface View {
  readonly form: string;
  readonly bytes: Buffer;
}

/** @param latin one character a byte */
function views(latin: string): readonly View[] {
  const hex = latin.replace(/\\x|0x|%/gi, '').match(/(?:[0-9a-f]{2}\s?){9,}/gi) ?? [];
  const base64 = latin.replace(/[\r\n]|\\n/g, '').match(/[A-Za-z0-9+/_-]{12,}/g) ?? [];
  const octal = latin.match(/(?:\\+[0-3][0-7]{2}[^\\]?){6,}/gs) ?? [];
  const unicode = latin.match(/(?:(?:\\+u?\+?0{0,4}|&#x0{0,4})2c[0-9a-f]{2};?[^\\&]?){3,}/gis) ?? [];
  const decimal = latin.match(/(?:&#\d+;[^&]?){3,}/gs) ?? [];
  return [
    { form: 'backwards', bytes: Buffer.from(latin, 'latin1').reverse() },
    ...hex.flatMap((run) => {
      const even = run.replace(/\s/g, '');
      return [0, 1].map((shift) => ({ form: 'hex', bytes: Buffer.from(even.slice(shift), 'hex') }));
    }),
    ...base64.flatMap((run) =>
      [0, 1, 2, 3].map((shift) => ({ form: 'base64', bytes: Buffer.from(run.slice(shift), 'base64') })),
    ),
    ...octal.map((run) => ({
      form: 'octal',
      bytes: Buffer.from([...run.matchAll(/\\([0-3][0-7]{2})/g)].map(([, o = '0']) => Number.parseInt(o, 8))),
    })),
    ...unicode.map((run) => codePoints('escapes', run.match(/2c[0-9a-f]{2}/gi) ?? [], 16)),
    ...decimal.map((run) => codePoints('entities', run.match(/\d+/g) ?? [], 10)),
  ];
}

function codePoints(form: string, numbers: readonly string[], radix: number): View {
  const text = numbers.map((n) => String.fromCharCode(Number.parseInt(n, radix))).join('');
  return { form, bytes: Buffer.from(text) };
}

function digits(text: string, { numbers }: Canaries): readonly string[] {
  const dense = text.replace(digest, ' ').replace(/(\d)[.,](?=\d)/g, '$1');
  return numbers.flatMap((number) => {
    const all = number.replace('.', '');
    const reversed = Array.from(all).reverse().join('');
    return [all, reversed].flatMap((run) =>
      Array.from({ length: run.length - pieceDigits + 1 }, (_, i) => run.slice(i, i + pieceDigits)).filter((piece) =>
        dense.includes(piece),
      ),
    );
  });
}

/** numeric's groups of four digits, and the greater part of a float8. */
function binaryNumbers(latin: string, { numbers }: Canaries): readonly string[] {
  return numbers.filter((number) => {
    const [whole = '', part = ''] = number.split('.');
    const groups = `${whole.padStart(16, '0')}${part.padEnd(4, '0')}`.match(/.{4}/g) ?? [];
    const middle = Buffer.concat(groups.slice(1, 4).map((group) => int16(Number(group))));
    const float = Buffer.alloc(8);
    float.writeDoubleBE(Number(number));
    return latin.includes(middle.toString('latin1')) || latin.includes(float.subarray(0, 6).toString('latin1'));
  });
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function digests(latin: string, canaries: Canaries): readonly string[] {
  const lower = latin.toLowerCase();
  return digestsOf(canaries)
    .filter(({ hex, base64 }) => lower.includes(hex) || latin.includes(base64))
    .map(({ value }) => value);
}

interface Digest {
  readonly value: string;
  readonly hex: string;
  /** Without its last, padded group. */
  readonly base64: string;
}

const known = new WeakMap<Canaries, readonly Digest[]>();

function digestsOf(canaries: Canaries): readonly Digest[] {
  const before = known.get(canaries);
  if (before) return before;
  const all = [...canaries.texts, ...canaries.numbers].flatMap((value) =>
    ['md5', 'sha1', 'sha256', 'sha512'].map((algorithm) => ({
      value,
      hex: hash(algorithm, value, 'hex'),
      base64: hash(algorithm, value, 'base64').slice(0, -4),
    })),
  );
  known.set(canaries, all);
  return all;
}
