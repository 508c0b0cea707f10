import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decision } from '../../contract/decision.ts';
import { detectors } from '../../contract/detector.ts';
import { patternOf } from '../../contract/pattern.ts';
import { Finder } from './finder.ts';
import { overlapBytes, StreamMask, windowBytes } from './stream-mask.ts';

type Masks = Decision['masks'];
const all: Masks = Object.fromEntries(detectors.map((detector) => [`detector:${detector}`, 'redact']));
const ticket = 'pattern:ACME-[0-9]+';
const key = `-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIrYSSNQ\nFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY\n-----END EC PRIVATE KEY-----`;

/** What leaves of a stream that comes in these pieces. */
function left(pieces: readonly Buffer[], masks: Masks = all, keepsLengths = false): Buffer {
  const mask = new StreamMask(new Finder(masks), { keepsLengths });
  const out: Buffer[] = [];
  for (const piece of pieces) {
    out.push(mask.push(piece));
    if (mask.waiting > windowBytes) throw new Error(`${mask.waiting} bytes are held back`);
  }
  return Buffer.concat([...out, mask.end()]);
}
const leftOf = (text: string, masks?: Masks) => left([Buffer.from(text, 'latin1')], masks).toString('latin1');

/** Wherever a stream is cut: all at once, byte by byte, and as drawn. */
function cut(whole: Buffer, at: readonly number[]): readonly Buffer[] {
  const places = [...new Set(at.map((n) => n % (whole.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((place, i) => whole.subarray(place, places[i] ?? whole.length));
}

describe('what leaves of a stream', () => {
  test.each<[string, string]>([
    ['card 4242424242424242\n', 'card ***\n'],
    ['a@example.com,b@example.com', '***,***'],
    ['{"ssn":"536-90-4399","iban":"DE89 3704 0044 0532 0130 00"}', '{"ssn":"***","iban":"***"}'],
    ['call +49 30 901820 now\r', 'call *** now\r'],
    [`export T=ghp_${'a1'.repeat(18)}\n`, 'export T=***\n'],
    [`a\n${key}\nb\n`, 'a\n***\nb\n'],
    [`${key}${key}x`, '******x'],
    ['-----BEGIN EC PRIVATE KEY-----\nnever closed\n4242424242424242\n', '***'],
    ['\u00ff\u00fe4242424242424242\u00ff', '\u00ff\u00fe***\u00ff'],
    ['4242424242424242\u0000536-90-4399\u0000', '***\u0000***\u0000'],
    ['nothing of note: 2026-01-01 12:00', 'nothing of note: 2026-01-01 12:00'],
    ['', ''],
  ])('%j', (text, expected) => {
    expect(leftOf(text)).toBe(expected);
    const bytes = Buffer.from(text, 'latin1');
    expect(left(Array.from(bytes, (byte) => Buffer.of(byte))).toString('latin1')).toBe(expected);
  });

  test('a mask by an expression reads line by line, with what a detector finds beside it', () => {
    const masks: Masks = { [ticket]: 'redact', 'detector:card': 'redact', 'pattern:(?i)password: .*$': 'null' };
    expect(leftOf('ACME-17 4242424242424242\nPassword: x y\r\nACME-', masks)).toBe('*** ***\n\r\nACME-');
    expect(leftOf('caf\u00c3\u00a9', { 'pattern:caf\\xc3\\xa9': 'redact' })).toBe('***');
    // A line is a line, whatever an expression says.
    expect(leftOf('a\nb', { 'pattern:a\\sb': 'redact' })).toBe('a\nb');
  });

  test.each([
    ...['b', '^b', 'c$', '^a[^b]*c$', 'a\\s+b', '\\bb\\b', 'a\\Bb', 'c\\b', 'bc|ca$', '(?s)a.c', '(?m)^c$'],
    // Of the whole text, which a line is.
    ...['\\Ab', 'c\\z', '(?-m:^b)', '(?-m:c$)', '(?i-m)^B'],
  ])('the expression %s hides in a line among many what it finds in that line alone', (text) => {
    const pattern = patternOf(`pattern:${text}`);
    if (typeof pattern === 'string') throw new Error(pattern);
    const alone = (line: string): string =>
      pattern
        .spans(line, 0)
        .toReversed()
        .reduce((left, [start, end]) => `${left.slice(0, start)}***${left.slice(end)}`, line);
    const line = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' '), maxLength: 5 });
    const breaks = fc.constantFrom('\n', '\r', '\r\n');
    // Far apart, so that between them there are many that hold nothing.
    const drawn = fc.array(fc.tuple(fc.nat({ max: 700 }), line, breaks), { maxLength: 6 });
    fc.assert(
      fc.property(drawn, (places) => {
        const lines = places.map(([quiet, one, end]) => [`x${end}`.repeat(quiet), one, end] as const);
        const whole = leftOf(lines.flat().join(''), { [`pattern:${text}`]: 'redact' });
        expect(whole).toBe(lines.map(([quiet, one, end]) => quiet + alone(one) + end).join(''));
      }),
      { numRuns: 40 },
    );
  });

  test('the method null leaves nothing, every other one the same', () => {
    expect(leftOf('<a@example.com>', { 'detector:email': 'null' })).toBe('<>');
    for (const method of ['redact', 'tokenize', 'hash', 'partial'] as const)
      expect(leftOf('<a@example.com>', { 'detector:email': method })).toBe('<***>');
  });

  const fragment = fc.oneof(
    fc.constantFrom(
      ...[
        '4242424242424242',
        '4242 4242-4242 4242',
        '536-90-4399',
        'ada@example.com',
        '+49 (030) 901820',
        '42',
        '4',
        ' ',
      ],
      ...[
        'DE89 3704 0044 0532 0130 00',
        `AKIA${'A'.repeat(16)}`,
        `ghp_${'a1'.repeat(18)}`,
        'eyJhbGciOiJ',
        '.eyJzdWIiOiIx.x',
      ],
      ...[
        key,
        key.slice(0, 40),
        '-----END EC PRIVATE KEY-----',
        '-----BEGIN X\nPRIVATE KEY-----',
        '-',
        '@',
        '.',
        '+',
        '(',
      ],
      ...['\n', '\r\n', ',', '"', ':', 'ACME-17', 'ACME-', 'word', '\u00ff', '\u001b[1m'],
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const stream = fc.array(fragment, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(''), 'latin1'));
  const cuts = fc.array(fc.nat(), { maxLength: 12 });
  const patterns: Masks = { ...all, [ticket]: 'redact', 'pattern:^[a-z]+$': 'null', 'pattern:word.*4': 'hash' };

  test.each([
    ['detectors', all],
    ['expressions', patterns],
    ['one detector', { 'detector:email': 'null' } satisfies Masks],
  ])('is the same wherever the stream was cut: %s', (_, masks) => {
    fc.assert(
      fc.property(stream, cuts, (whole, at) => {
        expect(left(cut(whole, at), masks).toString('latin1')).toBe(left([whole], masks).toString('latin1'));
      }),
      { numRuns: 1_500 },
    );
  });

  test('is the same wherever it was cut when there are no breaks for longer than the window', () => {
    const long = fc.tuple(
      fc.integer({ min: 7_000, max: 20_000 }),
      fragment,
      fc.integer({ min: 0, max: 20_000 }),
      fragment,
    );
    const letters = fc.constantFrom('x', '4', '-', 'a1', '. ');
    fc.assert(
      fc.property(letters, long, cuts, fc.constantFrom(all, patterns), (letter, [a, one, b, other], at, masks) => {
        const whole = Buffer.from(`${letter.repeat(a)} ${one} ${letter.repeat(b)} ${other}`, 'latin1');
        expect(left(cut(whole, at), masks).equals(left([whole], masks))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    ['detectors', all],
    ['expressions', patterns],
  ])('is as long as it was where lengths are kept, wherever it was cut: %s', (_, masks) => {
    fc.assert(
      fc.property(stream, cuts, (whole, at) => {
        const masked = left(cut(whole, at), masks, true);
        expect(masked.equals(left([whole], masks, true))).toBe(true);
        expect(masked.length).toBe(whole.length);
        expect(masked.every((byte, i) => byte === whole[i] || byte === 0x2a)).toBe(true);
        // Where the short form has nothing, there was nothing.
        expect(masked.equals(whole)).toBe(left([whole], masks).equals(whole));
      }),
      { numRuns: 1_000 },
    );
  });

  test.each<[string, Masks]>([
    [`${key}${key}x`, all],
    ['-----BEGIN EC PRIVATE KEY-----\nnever closed\n4242424242424242\n', all],
    [`x,ghp_${'a1'.repeat(20_000)}`, all],
    [`ACME-${'1'.repeat(40_000)}`, { [ticket]: 'redact' }],
  ])('has a star for each byte of what goes on for long: %#', (text, masks) => {
    const bytes = Buffer.from(text);
    const masked = left(cut(bytes, [5, 17_000]), masks, true).toString();
    expect([masked.length, masked.replaceAll('*', '')]).toEqual([text.length, leftOf(text, masks).replaceAll('*', '')]);
  });

  test('hides a value wherever it lies in a stretch without breaks', () => {
    const near = [0, windowBytes - overlapBytes, windowBytes, 2 * windowBytes - overlapBytes];
    for (const edge of near)
      for (let before = Math.max(0, edge - 45); before < edge + 45; before++) {
        const text = `${'x'.repeat(before)} 4242 4242 4242 4242 ${'x'.repeat(20_000)}`;
        expect(leftOf(text).includes('4242'), `behind ${before} bytes`).toBe(false);
      }
  });

  test('hides what goes on past the window up to the next break', () => {
    const token = `ghp_${'a1'.repeat(20_000)}`;
    expect(leftOf(`${token},next`)).toBe('***,next');
    expect(leftOf(`x,${token}`)).toBe('x,***');
    expect(leftOf(`ACME-${'1'.repeat(40_000)}\nnext`, { [ticket]: 'redact' })).toBe('***\nnext');
  });
});

describe('in a pause', () => {
  const shown = (text: string, masks: Masks = all) => {
    const mask = new StreamMask(new Finder(masks));
    return `${mask.push(Buffer.from(text)).toString()}${mask.quiet().toString()}`;
  };
  test.each(['Continue? [y/N] ', 'Password: ', 'ana@web1:~$ ', '....', '100%', 'mysql> ', '(1-3)? ', 'sure?', 'v1.2 '])(
    'the prompt %j is seen',
    (prompt) => expect(shown(prompt)).toBe(prompt),
  );
  test.each([
    ['card 4242 4242', 'card '],
    ['to ada@exa', 'to '],
    ['T=ghp_abc', 'T='],
    ['x -----BEGIN EC PRIV', 'x '],
    ['a@example.com and 53', '*** and 53'],
    ['IBAN DE89 37', 'IBAN '],
  ])('what %j may become is held back', (text, expected) => expect(shown(text)).toBe(expected));

  test('under an expression nothing of an unfinished line leaves', () => {
    expect(shown('a\nContinue? ', { [ticket]: 'redact' })).toBe('a\n');
  });

  test('what comes behind it is hidden all the same', () => {
    const mask = new StreamMask(new Finder(all));
    const parts = ['my 42', '4242424242', '4242, and you@exam', 'ple.com'].map((text) => {
      const now = mask.push(Buffer.from(text)).toString();
      return `${now}${mask.quiet().toString()}`;
    });
    expect([...parts, mask.end().toString()].join('|')).toBe('my 42||***, and ||***');
  });

  test('a whole stream with pauses anywhere shows no digit more of a number than three', () => {
    const number = '4242424242424242';
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 8 }), (at) => {
        const mask = new StreamMask(new Finder(all));
        let text = '';
        for (const piece of cut(Buffer.from(`pay ${number} now`), at))
          text += `${mask.push(piece).toString()}${mask.quiet().toString()}`;
        expect(`${text}${mask.end().toString()}`).toMatch(/^pay \d{0,3}\*\*\* now$/);
      }),
    );
  });
});

test.each([
  ['pattern:', '1 to 512'],
  [`pattern:${'a'.repeat(513)}`, '1 to 512'],
  ['pattern:é', 'ASCII'],
  ['pattern:(', 'missing closing'],
  ['pattern:(?=a)', 'unsupported'],
  ['pattern:(a)\\1', 'invalid'],
  ['pattern:a*', 'empty text'],
  ['pattern:(?:a{1,100}){1,10}(?:b{1,100}){1,10}', 'too large'],
])('%s is no expression to search by', (label, why) => {
  expect(patternOf(label)).toContain(why);
  expect(() => new Finder({ [label]: 'redact' })).toThrow(why);
});

test('a label is nothing that a stream carries', () => {
  expect(() => new Finder({ 'pii.email': 'redact' })).toThrow('no columns');
});

test('what was hidden is counted, by what found it', () => {
  const mask = new StreamMask(new Finder({ ...all, [ticket]: 'redact', 'pattern:4242': 'redact' }));
  mask.push(Buffer.from('4242424242424242 and ACME-17\nACME-18 a@exam'));
  mask.push(Buffer.from('ple.com\n4242 x'));
  mask.end();
  expect(Object.fromEntries(mask.hidden)).toEqual({
    'detector:card': 1,
    'detector:email': 1,
    [ticket]: 2,
    'pattern:4242': 2,
  });
});
