import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SallyportError } from '../../../contract/errors.ts';
import { encodeCancelRequest, encodeSslRequest, parseOpening, parseOptions, pinnedProblem } from './startup.ts';

function packet(code: number, body: string | Buffer = ''): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(8), Buffer.from(body)]);
  bytes.writeInt32BE(bytes.length, 0);
  bytes.writeInt32BE(code, 4);
  return bytes;
}
const V3 = 0x30000;

function outcome(bytes: Buffer): unknown {
  try {
    parseOpening(bytes);
    return 'answered';
  } catch (error) {
    return error instanceof SallyportError ? 'refused' : error;
  }
}

describe('the first bytes of a connection', () => {
  test.each<[string, Buffer, object]>([
    ['a TLS hello', Buffer.from('160301', 'hex'), { kind: 'tls' }],
    ['a request for TLS', encodeSslRequest(), { kind: 'ssl-request', bytes: 8 }],
    ['a request for GSS', packet(80_877_104), { kind: 'gss-request', bytes: 8 }],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n'), { kind: 'foreign', why: 'an HTTP request' }],
    ['SSH', Buffer.from('SSH-2.0-x'), { kind: 'foreign', why: 'an SSH greeting' }],
    ['garbage', Buffer.from([1]), { kind: 'foreign' }],
    ['a packet of 10,241 bytes', Buffer.from('00002801', 'hex'), { kind: 'foreign', sqlstate: '08P01' }],
    ['a packet of 4 bytes', Buffer.from('00000004', 'hex'), { kind: 'foreign' }],
    ['protocol 2', packet(0x20000), { kind: 'foreign', sqlstate: '0A000' }],
    ['protocol 4', packet(0x40000), { kind: 'foreign', sqlstate: '0A000' }],
    ['a long request for TLS', packet(80_877_103, 'x'), { kind: 'foreign' }],
    ['a cancel key of 3 bytes', packet(80_877_102, Buffer.alloc(7)), { kind: 'foreign' }],
    ['no user', packet(V3, 'database\0d\0\0'), { kind: 'foreign', sqlstate: '28000' }],
    ['a user in the wrong case', packet(V3, 'user\0a\0User\0root\0\0'), { kind: 'foreign' }],
    ['two users', packet(V3, 'user\0a\0user\0b\0\0'), { kind: 'foreign' }],
    ['options we do not read', packet(V3, 'user\0a\0options\0-d 5\0\0'), { kind: 'foreign', sqlstate: '22023' }],
  ])('%s', (_, bytes, expected) => {
    expect(parseOpening(bytes)).toMatchObject(expected);
  });

  test('of a start-up packet, cut anywhere, wait for the rest', () => {
    const whole = packet(V3, 'user\0alice\0database\0shop\0\0');
    for (let at = 0; at < whole.length; at++) expect(parseOpening(whole.subarray(0, at)).kind).toBe('incomplete');
    expect(parseOpening(Buffer.concat([whole, Buffer.from('more')]))).toMatchObject({
      kind: 'startup',
      bytes: whole.length,
    });
  });

  test.each([
    ['something behind the last parameter', 'user\0a\0\0x'],
    ['no end', 'user\0a\0'],
    ['a name without a value', 'user\0'],
    ['text that is no UTF-8', Buffer.from('user\0\xff\0\0', 'latin1')],
  ])('a start-up packet with %s is refused', (_, body) => {
    expect(() => parseOpening(packet(V3, body))).toThrow(SallyportError);
  });

  test('cancel keys of every length come back as they were written', () => {
    for (const length of [4, 32, 256]) {
      const key = { processId: -5, secret: Buffer.alloc(length, 9) };
      expect(parseOpening(encodeCancelRequest(key))).toEqual({ kind: 'cancel', key, bytes: 12 + length });
    }
  });

  test('no bytes do anything but get an answer or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (body, framed) => {
        expect(['answered', 'refused']).toContain(outcome(framed ? packet(V3, Buffer.from(body)) : Buffer.from(body)));
      }),
    );
  });
});

describe('a start-up packet', () => {
  test('brings its settings by lower-case name, its own winning over those in options', () => {
    const body =
      'user\0alice\0options\0-c DateStyle=ISO --search-path=a\0DateStyle\0German\0application_name\0psql\0\0';
    expect(parseOpening(packet(V3, body))).toMatchObject({
      kind: 'startup',
      startup: {
        user: 'alice',
        database: 'alice',
        application: 'psql',
        agreedMinor: 0,
        settings: new Map([
          ['datestyle', 'German'],
          ['search_path', 'a'],
          ['application_name', 'psql'],
        ]),
      },
    });
  });

  test.each([
    [0, 0],
    [1, 0],
    [2, 2],
    [9999, 2],
  ])('for protocol 3.%i is answered in 3.%i', (minor, agreedMinor) => {
    const opening = parseOpening(packet(V3 | minor, 'user\0a\0_pq_.grease\0x\0\0'));
    expect(opening).toMatchObject({ startup: { minor, agreedMinor, unknownOptions: ['_pq_.grease'] } });
  });
});

describe('options', () => {
  test.each<[string, [string, string][]]>([
    ['', []],
    ['-c a=1', [['a', '1']]],
    [
      '-ca=1 -c b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['--statement-timeout=5s', [['statement_timeout', '5s']]],
    ['-c search_path=a\\ b\\\\c', [['search_path', 'a b\\c']]],
    ['-c a=', [['a', '']]],
    ['  -c   a=x=y\t', [['a', 'x=y']]],
    ['-c sallyport.auth=oauth', [['sallyport.auth', 'oauth']]],
    ['-c Standard_Conforming-Strings=off', [['standard_conforming_strings', 'off']]],
  ])('%j are read', (text, expected) => {
    expect([...(parseOptions(text) ?? [])]).toEqual(expected);
  });

  test.each([
    '-c',
    '-c a',
    '-d 3',
    '-e',
    'a=1',
    '-c =1',
    '--',
    '-c a=1 -x',
    '-B 5',
    '-c user=root',
    '--options=x',
    '-c REPLICATION=on',
  ])('%j are refused', (text) => {
    expect(parseOptions(text)).toBeUndefined();
  });
});

test.each([
  ['client_encoding', 'UTF8', true],
  ['client_encoding', 'utf-8', true],
  ['client_encoding', 'Unicode', true],
  ['client_encoding', 'SQL_ASCII', true],
  ['client_encoding', 'LATIN1', false],
  ['client_encoding', 'SJIS', false],
  ['client_encoding', '', false],
  ['standard_conforming_strings', 'ON', true],
  ['standard_conforming_strings', 'off', false],
  ['standard_conforming_strings', 'of', false],
  ['datestyle', 'German', true],
])('a client that starts with %s=%s: %s', (name, value, fine) => {
  expect(pinnedProblem(new Map([[name, value]])) === undefined).toBe(fine);
});
