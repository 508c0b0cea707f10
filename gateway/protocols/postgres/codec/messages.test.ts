import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SallyportError } from '../../../contract/errors.ts';
import * as server from './backend.ts';
import { Framer } from './frames.ts';
import type { Frame } from './frames.ts';
import { clientLimit, clientTag, encodeClientMessage, encodeQuery, formatOf, parseClientMessage } from './frontend.ts';
import type { Format } from './frontend.ts';

function frameOf(bytes: Buffer): Frame {
  return { tag: bytes[0] ?? 0, buffer: bytes, start: 0, end: bytes.length };
}

/** A message with its length put right. */
function raw(tag: number, body: string | Buffer): Buffer {
  const head = Buffer.alloc(5);
  head[0] = tag;
  const bytes = Buffer.from(body);
  head.writeInt32BE(4 + bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

const violation = expect.objectContaining({ code: 'protocol-violation' }) as unknown as Error; // vitest's matcher types

const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((s) => !s.includes('\0') && s.isWellFormed());
const bytes = fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array));
const value = fc.option(bytes, { nil: null });
const formats = fc.array(fc.constantFrom<Format>(0, 1), { maxLength: 1 });
const oid = fc.integer({ min: 0, max: 0xffffffff });
type Encodable = Parameters<typeof encodeClientMessage>[0];
const clientMessage: fc.Arbitrary<Encodable> = fc.oneof(
  fc.record({ type: fc.constant('query' as const), text }),
  fc.record({ type: fc.constant('parse' as const), statement: text, text, parameterTypes: fc.array(oid) }),
  fc.record({
    type: fc.constant('bind' as const),
    portal: text,
    statement: text,
    parameterFormats: formats,
    parameters: fc.array(value),
    resultFormats: fc.array(fc.constantFrom<Format>(0, 1)),
  }),
  fc.record({ type: fc.constant('execute' as const), portal: text, maxRows: fc.nat({ max: 0x7fffffff }) }),
  fc.record({
    type: fc.constantFrom('describe' as const, 'close' as const),
    what: fc.constantFrom('statement' as const, 'portal' as const),
    name: text,
  }),
  fc.record({ type: fc.constant('copyData' as const), bytes }),
  fc.record({ type: fc.constant('copyFail' as const), reason: text }),
  fc.record({
    type: fc.constantFrom('sync' as const, 'flush' as const, 'terminate' as const, 'copyDone' as const),
  }),
);

describe('client messages', () => {
  test('come back as they were written', () => {
    fc.assert(
      fc.property(clientMessage, (message) => {
        expect(parseClientMessage(frameOf(encodeClientMessage(message)))).toEqual(message);
      }),
    );
  });

  test('with one byte more or less than they declare are refused', () => {
    const lengthFree = clientMessage.filter((message) => message.type !== 'copyData');
    fc.assert(
      fc.property(lengthFree, fc.constantFrom(-1, 1), (message, by) => {
        const encoded = encodeClientMessage(message);
        const body = by > 0 ? Buffer.concat([encoded.subarray(5), Buffer.from('x')]) : encoded.subarray(5, -1);
        if (encoded.length + by < 5) return;
        expect(() => parseClientMessage(frameOf(raw(encoded[0] ?? 0, body)))).toThrow(violation);
      }),
    );
  });

  test.each<[string, Buffer]>([
    ['a second statement behind the NUL of a Query', raw(clientTag.query, 'select 1\0drop table t\0')],
    ['a Query without its NUL', raw(clientTag.query, 'select 1')],
    ['an empty body where text belongs', raw(clientTag.query, '')],
    ['text that is no UTF-8', raw(clientTag.query, Buffer.from([0x27, 0xc0, 0xa7, 0]))],
    ['a lone surrogate in UTF-8', raw(clientTag.query, Buffer.from([0xed, 0xa0, 0x80, 0]))],
    ['a parameter count that lies', raw(clientTag.bind, Buffer.from('0000' + '0000' + 'ffff' + '00000000', 'hex'))],
    [
      'a parameter longer than the message',
      raw(clientTag.bind, Buffer.from('0000' + '0000' + '0001' + '7fffffff' + '0000', 'hex')),
    ],
    [
      'a parameter of length -2',
      raw(clientTag.bind, Buffer.from('0000' + '0000' + '0001' + 'fffffffe' + '0000', 'hex')),
    ],
    ['a format code 2', raw(clientTag.bind, Buffer.from('0000' + '00010002' + '0000' + '0000', 'hex'))],
    [
      'two formats for one parameter',
      raw(clientTag.bind, Buffer.from('0000' + '000200000000' + '0001ffffffff' + '0000', 'hex')),
    ],
    ['a Describe of an unknown kind', raw(clientTag.describe, 'X\0')],
    ['a Sync with a body', raw(clientTag.sync, 'x')],
    ['a tag that no client sends', raw(0x7a, '')],
  ])('%s is refused', (_, message) => {
    expect(() => parseClientMessage(frameOf(message))).toThrow(violation);
  });

  test('a FunctionCall is recognised, so that it can be refused by name', () => {
    expect(parseClientMessage(frameOf(raw(clientTag.functionCall, Buffer.from('00000539', 'hex'))))).toEqual({
      type: 'functionCall',
      oid: 1337,
    });
  });

  test('a byte order mark stays in the text, as the server would see it', () => {
    expect(parseClientMessage(frameOf(raw(clientTag.query, '\ufeffselect 1\0')))).toEqual({
      type: 'query',
      text: '\ufeffselect 1',
    });
  });

  test('text with a NUL cannot be written', () => {
    expect(() => encodeQuery('select 1\0; drop table t')).toThrow(violation);
  });

  test.each([
    [[], 2, 0],
    [[1], 2, 1],
    [[0, 1], 1, 1],
    [[0, 1], 0, 0],
  ] as const)('of the formats %j, item %i has %i', (codes, i, expected) => {
    expect(formatOf(codes, i)).toBe(expected);
  });

  test('small messages have a small limit, unknown ones none at all', () => {
    const limit = clientLimit(16 << 20);
    expect(limit(clientTag.query)).toBe(16 << 20);
    expect(limit(clientTag.sync)).toBe(10_000);
    expect(limit(0x7a)).toBe(0);
  });
});

describe('server messages', () => {
  const field = fc.record({
    name: text,
    tableOid: oid,
    attnum: fc.integer({ min: -6, max: 1600 }),
    typeOid: oid,
    typeSize: fc.integer({ min: -2, max: 64 }),
    typeModifier: fc.integer({ min: -1, max: 1 << 20 }),
    format: fc.constantFrom<Format>(0, 1),
  });

  test('come back as they were written', () => {
    const letter = fc.constantFrom('S', 'V', 'C', 'M', 'D', 'H', 'P');
    fc.assert(
      fc.property(
        fc.array(field),
        fc.array(value),
        fc.array(fc.tuple(letter, text)),
        text,
        (fields, values, report, word) => {
          const parse = (encoded: Buffer): server.ServerMessage => server.parseServerMessage(frameOf(encoded));
          expect(parse(server.encodeRowDescription(fields))).toEqual({ type: 'rowDescription', columns: fields });
          expect(parse(server.encodeDataRow(values))).toEqual({ type: 'dataRow', values });
          expect(parse(server.encodeReportFields('error', new Map(report)))).toEqual({
            type: 'error',
            fields: new Map(report),
          });
          expect(parse(server.encodeCommandComplete(word))).toEqual({ type: 'commandComplete', tag: word });
          expect(parse(server.encodeParameterStatus(word, word))).toEqual({
            type: 'parameterStatus',
            name: word,
            value: word,
          });
          expect(parse(server.encodeNotification(7, word, word))).toEqual({
            type: 'notification',
            processId: 7,
            channel: word,
            payload: word,
          });
          expect(parse(server.encodeNegotiateVersion(0x30000, [`a${word}`]))).toEqual({
            type: 'negotiateVersion',
            version: 0x30000,
            unknownOptions: [`a${word}`],
          });
        },
      ),
    );
  });

  test('the greeting is AuthenticationOk, parameters, key and ReadyForQuery', () => {
    const framer = new Framer(server.serverLimit(1000));
    const key = { processId: 7, secret: Buffer.alloc(32, 1) };
    framer.push(server.encodeGreeting([['server_version', '18.0']], key, 'I'));
    const seen: server.ServerMessage[] = [];
    while (framer.next()) seen.push(server.parseServerMessage(framer));
    expect(seen).toEqual([
      { type: 'authentication', authentication: { request: 'ok' } },
      { type: 'parameterStatus', name: 'server_version', value: '18.0' },
      { type: 'backendKey', key },
      { type: 'ready', status: 'I' },
    ]);
  });

  test.each<[string, Buffer]>([
    ['a key of 3 bytes', raw(server.serverTag.backendKey, Buffer.alloc(7))],
    ['a key of 257 bytes', raw(server.serverTag.backendKey, Buffer.alloc(261))],
    ['a status that is none', raw(server.serverTag.ready, 'X')],
    ['a row with fewer values than it declares', raw(server.serverTag.dataRow, Buffer.from('0002ffffffff', 'hex'))],
    [
      'a row with more values than it declares',
      raw(server.serverTag.dataRow, Buffer.from('0001ffffffffffffffff', 'hex')),
    ],
    ['an error without its end', raw(server.serverTag.error, 'Mx\0')],
    ['something behind an error’s end', raw(server.serverTag.error, 'Mx\0\0x')],
    ['a ParseComplete with a body', raw(server.serverTag.parseComplete, 'x')],
    ['a tag that no server sends', raw(0x7a, '')],
  ])('%s is refused', (_, message) => {
    expect(() => server.parseServerMessage(frameOf(message))).toThrow(violation);
  });

  test('an error in an encoding that nobody has named still says what it can', () => {
    const message = server.parseServerMessage(
      frameOf(raw(server.serverTag.error, Buffer.from([0x4d, 0x66, 0xfc, 0x72, 0, 0]))),
    );
    expect(message).toEqual({ type: 'error', fields: new Map([['M', 'f\uFFFDr']]) });
  });
});

test('no bytes make either parser do anything but answer or refuse', () => {
  const tags = [...Object.values(clientTag), ...Object.values(server.serverTag)];
  const mutated = fc.tuple(fc.constantFrom(...tags), fc.uint8Array({ maxLength: 60 }));
  const known = clientMessage.map((message) => encodeClientMessage(message));
  const flipped = fc.tuple(known, fc.nat(), fc.nat({ max: 255 })).map(([encoded, at, byte]) => {
    const copy = Buffer.from(encoded);
    copy[at % copy.length] = byte;
    return copy;
  });
  const check = (encoded: Buffer): void => {
    expect(['answered', 'refused']).toContain(outcome(() => parseClientMessage(frameOf(encoded))));
    expect(['answered', 'refused']).toContain(outcome(() => server.parseServerMessage(frameOf(encoded))));
  };
  const interruptAfterTimeLimit = fuzzMs() / 2;
  fc.assert(
    fc.property(mutated, ([tag, body]) => check(raw(tag, Buffer.from(body)))),
    { numRuns: 1_000_000, interruptAfterTimeLimit },
  );
  fc.assert(
    fc.property(flipped, (encoded) => check(encoded)),
    { numRuns: 1_000_000, interruptAfterTimeLimit },
  );
});

function outcome(parse: () => unknown): unknown {
  try {
    parse();
    return 'answered';
  } catch (error) {
    return error instanceof SallyportError ? 'refused' : error;
  }
}

/** How long to look for surprises; more in the night than on every push. */
function fuzzMs(): number {
  // oxlint-disable-next-line node/no-process-env -- a test's own setting
  return Number(process.env['SALLYPORT_FUZZ_MS'] ?? 3000);
}
