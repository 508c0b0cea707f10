import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detectors, type Detector } from '../../contract/detector.ts';
import { detect } from './detect.ts';

const all: ReadonlySet<Detector> = new Set(detectors);

/** What is found, as `detector: text`. */
function found(text: string, wanted = all): readonly string[] {
  const bytes = Buffer.from(text);
  return detect(bytes, 0, bytes.length, wanted).map(
    ({ detector, start, end }) => `${detector}: ${bytes.toString('utf8', start, end)}`,
  );
}

// Made up, from the ranges that are kept for tests and fiction. Put together here, so that no scanner takes them for real ones.
const github = `ghp_${'a1B2c3D4'.repeat(5).slice(0, 36)}`;
const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2lnbmF0dXJlLW9mLWl0';
const pem = (kind: string) => `-----BEGIN ${kind}-----\nMIIBVgIBADANBgkq\n-----END ${kind}-----`;

const hits: readonly (readonly [Detector, string])[] = [
  ['card', '4242424242424242'],
  ['card', '4242 4242 4242 4242'],
  ['card', '4242-4242-4242-4242'],
  ['card', '378282246310005'],
  ['card', '3782 822463 10005'],
  ['card', '5555555555554444'],
  ['card', '2223003122003222'],
  ['card', '6011111111111117'],
  ['card', '30569309025904'],
  ['card', '3530111333300000'],
  ['card', '6200000000000005'],
  ['card', '4222222222222'],
  ['ssn', '078-05-1120'],
  ['ssn', '078 05 1120'],
  ['ssn', '912-34-5678'],
  ['iban', 'DE89370400440532013000'],
  ['iban', 'DE89 3704 0044 0532 0130 00'],
  ['iban', 'GB29 NWBK 6016 1331 9268 19'],
  ['iban', 'gb29nwbk60161331926819'],
  ['iban', 'NO9386011117947'],
  ['iban', 'MT84MALT011000012345MTLCAST001S'],
  ['email', 'ana@example.com'],
  ['email', 'ana.maria+news@mail.example.co.uk'],
  ['email', 'müller@exämple.de'],
  ['email', "o'brien@example.org"],
  ['phone', '+14155552671'],
  ['phone', '+1 202 555 0112'],
  ['phone', '+49 (0)30 5550123'],
  ['phone', '+44 20 7946 0958'],
  ['phone', '0049 30 5550123'],
  ['phone', '(303) 555-0123'],
  ['phone', '303-555-0123'],
  ['phone', '303.555.0123'],
  ['phone', '1-303-555-0123'],
  ['phone', '030/5550123'],
  ['phone', '06 12 34 56 78'],
  ['token', `AKIA${'IOSFODNN7EXAMPLE'.slice(0, 16)}`],
  ['token', github],
  ['token', `github_pat_${'a1B2c3D4_'.repeat(6)}`],
  ['token', `glpat-${'a1B2c3D4e5'.repeat(2)}`],
  ['token', ['xoxb', '123456789012', 'abcdefghijkl'].join('-')],
  ['token', ['sk', 'live', 'a1B2c3D4e5F6g7H8'].join('_')],
  ['token', `AIza${'a1B2c3D4e5'.repeat(3)}f6G7h`],
  ['token', jwt],
  ['token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NSJ9.'],
  ['token', pem('PRIVATE KEY')],
  ['token', pem('RSA PRIVATE KEY')],
  ['token', pem('OPENSSH PRIVATE KEY')],
  ['token', pem('PGP PRIVATE KEY BLOCK')],
  ['token', '-----BEGIN EC PRIVATE KEY-----\nwithout an end'],
];

describe.each(hits)('%s %s', (detector, value) => {
  test('is recognised, by its own detector alone', () => {
    expect(found(value)).toEqual([`${detector}: ${value}`]);
    expect(found(value, new Set([detector]))).toEqual([`${detector}: ${value}`]);
    expect(found(value, new Set())).toEqual([]);
  });
  test('is recognised within text', () => {
    // A key without an end takes all that follows.
    const behind = value.endsWith('an end')
      ? [['key: ', '']]
      : [
          ['see ', ', please'],
          ['"', '"'],
          ['x=<', '>'],
          ['für\t', '\nü'],
        ];
    for (const [left = '', right = ''] of behind)
      expect(found(`${left}${value}${right}`)).toEqual([`${detector}: ${value}`]);
  });
  test('is left alone outside the stretch that is looked at', () => {
    const bytes = Buffer.from(`ab ${value} cd`);
    expect(detect(bytes, 0, 3, all)).toEqual([]);
    expect(detect(bytes, bytes.length - 3, bytes.length, all)).toEqual([]);
  });
});

test.each([
  ['a card with a wrong check digit', '4242424242424241'],
  ['a right check digit in a range that nobody uses', '9999999999999995'],
  ['zeros', '0000000000000000'],
  ['a longer number with a card in it', '14242424242424242123456'],
  ['a card with letters at it', 'X4242424242424242'],
  ['an order number', '2026-0042-4242'],
  ['two spaces between groups', '4242  4242  4242  4242'],
  ['nine digits', '078051120'],
  ['an area that is never given out', '000-12-3456'],
  ['another one', '666-12-3456'],
  ['no group', '078-00-1120'],
  ['no serial', '078-05-0000'],
  ['mixed separators', '078-05 1120'],
  ['a part number', 'A078-05-1120'],
  ['a longer one', '078-05-1120-77'],
  ['an account with wrong check digits', 'DE88370400440532013000'],
  ['an account that is too short', 'DE8937040044053201300'],
  ['one that is too long', 'DE893704004405320130000'],
  ['a country that has none', 'US89370400440532013000'],
  ['an address without a domain', 'ana@'],
  ['one without a top level', 'ana@localhost'],
  ['one without a local part', '@example.com'],
  ['a handle', 'see @ana for it'],
  ['a decorator', 'x@2.0'],
  ['a domain with empty labels', 'ana@example..com'],
  ['a time', '2026-01-05T12:00:00Z'],
  ['a date', '2026-01-05'],
  ['a date and an hour', '01.02.2026 10:00'],
  ['digits in a row', '3035550123'],
  ['an address of a network', '192.168.100.200'],
  ['a version', '10.15.7'],
  ['an amount', '1,234,567.89'],
  ['a UUID', '6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
  ['a UUID of digits', '10000000-2000-4000-8000-303555012300'],
  ['a plus without a number', '+1 2'],
  ['too many digits', '+1234567890123456789'],
  ['a prefix alone', 'AKIA'],
  ['a word that begins like a key', 'sk-learn is a library'],
  ['a key that is too short', 'ghp_abc'],
  ['a base64 that is no JWT', 'eyJhbGciOiJIUzI1NiJ9'],
  ['a public key', pem('PUBLIC KEY')],
  ['a certificate', pem('CERTIFICATE')],
  ['a ruler', '----------------------------------------'],
  ['nothing', ''],
])('%s is not recognised', (_what, text) => {
  expect(found(text)).toEqual([]);
});

test('several in one text come from left to right, and none over another', () => {
  expect(found('ana@example.com, 4242424242424242; 303-555-0123 078-05-1120')).toEqual([
    'email: ana@example.com',
    'card: 4242424242424242',
    'phone: 303-555-0123',
    'ssn: 078-05-1120',
  ]);
  expect(found('a@example.com,b@example.com')).toEqual(['email: a@example.com', 'email: b@example.com']);
});

test('a card after a year, and before an expiry, is the card', () => {
  expect(found('2026 4242 4242 4242 4242 12/27')).toEqual(['card: 4242 4242 4242 4242']);
});

const pieces = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(...hits.map(([, value]) => value), ' ', '-', '@', '+'),
);

test('whatever the text is, what is found lies in it, in order', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (texts) => {
      const bytes = Buffer.from(texts.join(''));
      let last = 0;
      for (const { start, end } of detect(bytes, 0, bytes.length, all)) {
        expect(start).toBeGreaterThanOrEqual(last);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(bytes.length);
        last = end;
      }
    }),
    { seed: 5, numRuns: 300 },
  );
});

/** A buffer that counts how often a byte of it is read. */
function counted(bytes: Buffer): { readonly source: Buffer; readonly reads: () => number } {
  let reads = 0;
  const source = new Proxy(bytes, {
    get(target, key) {
      if (typeof key === 'string' && /^\d/.test(key)) reads++;
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]) => {
        // toString and subarray touch what lies between the two numbers that they get.
        const [from = 0, to = target.length] = args.filter((one) => typeof one === 'number');
        reads += to - from;
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
  return { source, reads: () => reads };
}

test.each([
  ['at signs', '@'],
  ['addresses that go on', 'a@a.'],
  ['dots and letters', 'a.'],
  ['one word', 'a'],
  ['digits', '4'],
  ['grouped digits', '4242 '],
  ['dashed digits', '078-'],
  ['pluses', '+1'],
  ['brackets', '(('],
  ['a country again and again', 'DE89 '],
  ['dashes', '-'],
  ['keys that begin and never end', '-----BEGIN X-----'],
  ['headers of tokens', 'eyJabcdefgh.'],
  ['headers in one word', 'eyJ'],
  ['prefixes', 'sk-'],
  ['prefixes apart', 'sk- '],
  ['beyond ASCII', 'ü@ü'],
])('no text of %s takes more than a bounded number of looks at each byte', (_what, piece) => {
  const looks = (length: number): number => {
    const { source, reads } = counted(Buffer.from(piece.repeat(length / piece.length + 1)).subarray(0, length));
    detect(source, 0, length, all);
    return reads() / length;
  };
  // Twice as much text, as many looks at each byte: what grew with the square would double.
  expect(looks(40_000)).toBeLessThan(looks(20_000) * 1.1 + 1);
});
