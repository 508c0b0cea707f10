import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SallyportError } from '../../../contract/errors.ts';
import { fuzzSeed } from '../../../testing/seed.ts';
import { readAnswer, readHostLimits, readVersion } from './answers.ts';
import { attributesField } from './attributes.ts';
import { carriedOf } from './extensions.ts';
import { readInit, readRequest } from './requests.ts';
import {
  answerTypes,
  encodePacket,
  encodeStatus,
  type Field,
  Packets,
  requestTypes as types,
  statuses,
} from './wire.ts';

const announced = [
  ['posix-rename@openssh.com', '1'],
  ['statvfs@openssh.com', '2'],
  ['fstatvfs@openssh.com', '2'],
  ['hardlink@openssh.com', '1'],
  ['fsync@openssh.com', '1'],
  ['lsetstat@openssh.com', '1'],
  ['limits@openssh.com', '1'],
  ['expand-path@openssh.com', '1'],
  ['copy-data', '1'],
  ['users-groups-by-id@openssh.com', '1'],
  ['home-directory', '1'],
] as const;
const terms = { maxPathBytes: 100, extensions: carriedOf(new Map(announced)) };
const set = { size: 2 ** 40, owner: { uid: 1, gid: 2 }, mode: 0o4755, times: { accessed: 3, modified: 4 } };
const handle = Buffer.from('7');

function extended(name: string, ...fields: readonly Field[]): Buffer {
  return encodePacket(types.extended, 9, name, ...fields);
}

/** Each request that a client can send, as it is on the wire and as it is read. */
const requests: readonly (readonly [Buffer, object])[] = [
  [
    encodePacket(types.open, 9, '/a', 0x3f, attributesField(set)),
    {
      ...{ kind: 'open', path: '/a', attributes: set },
      flags: ['read', 'write', 'append', 'create', 'truncate', 'exclusive'],
    },
  ],
  [encodePacket(types.close, 9, handle), { kind: 'close', handle }],
  [encodePacket(types.read, 9, handle, 2n ** 40n, 5), { kind: 'read', handle, offset: 2 ** 40, length: 5 }],
  [encodePacket(types.write, 9, handle, 5n, 'abc'), { kind: 'write', handle, offset: 5, bytes: Buffer.from('abc') }],
  [encodePacket(types.lstat, 9, '/a'), { kind: 'lstat', path: '/a' }],
  [encodePacket(types.fstat, 9, handle), { kind: 'fstat', handle }],
  [encodePacket(types.setstat, 9, '/a', attributesField(set)), { kind: 'setstat', path: '/a', attributes: set }],
  [encodePacket(types.fsetstat, 9, handle, attributesField({})), { kind: 'fsetstat', handle, attributes: {} }],
  [encodePacket(types.opendir, 9, '/a'), { kind: 'opendir', path: '/a' }],
  [encodePacket(types.readdir, 9, handle), { kind: 'readdir', handle }],
  [encodePacket(types.remove, 9, '/ü'), { kind: 'remove', path: '/ü' }],
  [
    encodePacket(types.mkdir, 9, 'd', attributesField({ mode: 0o40755 })),
    { kind: 'mkdir', attributes: { mode: 0o755 } },
  ],
  [encodePacket(types.rmdir, 9, 'd'), { kind: 'rmdir', path: 'd' }],
  [encodePacket(types.realpath, 9, ''), { kind: 'realpath', path: '' }],
  [encodePacket(types.stat, 9, '/a'), { kind: 'stat', path: '/a' }],
  [encodePacket(types.rename, 9, '/a', '/b'), { kind: 'rename', path: '/a', target: '/b' }],
  [encodePacket(types.readlink, 9, '/a'), { kind: 'readlink', path: '/a' }],
  // OpenSSH's order: what it leads to comes first.
  [encodePacket(types.symlink, 9, 'to', '/link'), { kind: 'symlink', path: '/link', target: 'to' }],
  [extended('posix-rename@openssh.com', '/a', '/b'), { kind: 'posix-rename', path: '/a', target: '/b' }],
  [extended('hardlink@openssh.com', '/a', '/b'), { kind: 'hardlink', path: '/a', target: '/b' }],
  [extended('statvfs@openssh.com', '/a'), { kind: 'statvfs', path: '/a' }],
  [extended('fstatvfs@openssh.com', handle), { kind: 'fstatvfs', handle }],
  [extended('fsync@openssh.com', handle), { kind: 'fsync', handle }],
  [extended('lsetstat@openssh.com', '/a', attributesField(set)), { kind: 'lsetstat', path: '/a', attributes: set }],
  [extended('limits@openssh.com'), { kind: 'limits' }],
  [extended('expand-path@openssh.com', '~/a'), { kind: 'expand-path', path: '~/a' }],
  [
    extended('copy-data', handle, 1n, 2n, Buffer.from('8'), 3n),
    { kind: 'copy-data', from: { handle, offset: 1 }, length: 2, to: { handle: Buffer.from('8'), offset: 3 } },
  ],
  [
    extended('users-groups-by-id@openssh.com', Buffer.from([0, 0, 0, 5]), ''),
    { kind: 'users-groups', users: [5], groups: [] },
  ],
];

/** What is not passed on, and what the client is told. */
const refused: readonly (readonly [string, Buffer, number])[] = [
  ['a type that does not exist', encodePacket(77, 9), statuses.unsupported],
  ['a type of servers', encodePacket(answerTypes.data, 9, 'x'), statuses.unsupported],
  ['a second INIT', encodePacket(types.init, 9), statuses.unsupported],
  ['an extension that nobody knows', extended('shell@example.com', 'rm'), statuses.unsupported],
  ['an extension that is not carried', extended('home-directory', 'ana'), statuses.unsupported],
  ['a NUL in a path', encodePacket(types.remove, 9, '/tmp/a\0/../b'), statuses.badMessage],
  ['a path that is not UTF-8', encodePacket(types.remove, 9, Buffer.from([0x2f, 0xff])), statuses.failure],
  ['an overlong UTF-8 slash', encodePacket(types.remove, 9, Buffer.from([0x2f, 0xc0, 0xaf])), statuses.failure],
  ['a path over the limit', encodePacket(types.remove, 9, 'a'.repeat(101)), statuses.failure],
  ['an open for nothing', encodePacket(types.open, 9, '/a', 0, attributesField({})), statuses.badMessage],
  ['an open only to append', encodePacket(types.open, 9, '/a', 4, attributesField({})), statuses.badMessage],
  [
    'a new file alone that is not created',
    encodePacket(types.open, 9, '/a', 0x21, attributesField({})),
    statuses.badMessage,
  ],
  ['an unknown flag', encodePacket(types.open, 9, '/a', 0x41, attributesField({})), statuses.badMessage],
  ['an unknown attribute', encodePacket(types.setstat, 9, '/a', 0x10), statuses.badMessage],
  ['extended attributes', encodePacket(types.setstat, 9, '/a', 0x80000000, 0), statuses.badMessage],
  ['an offset that no file has', encodePacket(types.read, 9, handle, 2n ** 60n, 5), statuses.badMessage],
  ['more than belongs to it', encodePacket(types.remove, 9, '/a', '/b'), statuses.badMessage],
  ['less than belongs to it', encodePacket(types.rename, 9, '/a'), statuses.badMessage],
  ['a length that lies', encodePacket(types.remove, 9, { raw: Buffer.from([0, 0, 1, 0, 0x2f]) }), statuses.badMessage],
];

function thrownBy(read: () => unknown): unknown {
  try {
    read();
    return undefined;
  } catch (error) {
    return error;
  }
}

function isExpected(error: unknown): boolean {
  return error === undefined || error instanceof SallyportError;
}

/** What kind of request a packet is; a broken one is an error that ends the channel, of our own. */
function readOrRefuse(packet: Buffer): string {
  try {
    return readRequest(packet, terms).kind;
  } catch (error) {
    if (error instanceof SallyportError) return 'broken';
    throw error;
  }
}

describe('sftp on the wire', () => {
  test('every request is read as it was meant', () => {
    for (const [packet, meant] of requests) expect(readRequest(packet, terms)).toMatchObject({ id: 9, ...meant });
  });

  test.each(refused)('%s is refused', (_, packet, status) => {
    expect(readRequest(packet, terms)).toMatchObject({ id: 9, kind: 'refused', status });
  });

  test('packets are the same wherever the network cut them', () => {
    const all = requests.map(([packet]) => packet);
    const stream = Buffer.concat(all);
    for (let cut = 0; cut <= stream.length; cut++) {
      const packets = new Packets(1_000);
      const read = [...packets.push(stream.subarray(0, cut)), ...packets.push(stream.subarray(cut))];
      expect(read.every((one, i) => one.equals(all[i] ?? Buffer.alloc(0))) && read.length === all.length).toBe(true);
    }
    fc.assert(
      fc.property(fc.array(fc.nat(60)), (steps) => {
        const packets = new Packets(1_000);
        const read: Buffer[] = [];
        let at = 0;
        for (const step of [...steps, stream.length]) {
          read.push(...packets.push(stream.subarray(at, at + step)));
          at += step;
        }
        expect(Buffer.concat(read).equals(stream)).toBe(true);
      }),
    );
  });

  test('of any bytes comes a request or a refusal, and nothing else', () => {
    const kinds = new Set<string>();
    const packets = fc.oneof(
      fc.uint8Array({ minLength: 5, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      // One that is sound, with some of its bytes changed, and cut.
      fc
        .tuple(fc.nat(requests.length - 1), fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }), fc.nat(200))
        .map(([which, changes, cut]) => {
          const packet = Buffer.from(requests[which]?.[0] ?? Buffer.alloc(5));
          for (const [at, byte] of changes) if (at < packet.length) packet[at] = byte;
          return cut < packet.length && cut >= 5 ? packet.subarray(0, cut) : packet;
        }),
    );
    const end = performance.now() + 5_000;
    for (let run = 0; run < 200 && performance.now() < end; run++) {
      for (const packet of fc.sample(packets, { numRuns: 100, seed: fuzzSeed + run })) {
        const read = readOrRefuse(packet);
        expect(typeof read, `seed ${fuzzSeed + run}`).toBe('string');
        kinds.add(read);
      }
    }
    expect(kinds.size).toBeGreaterThan(10);
  });

  test('a packet over the limit is refused before it comes, and so is one without a type', () => {
    expect(() => new Packets(100).push(Buffer.from([0, 0, 0, 101]))).toThrow('at most 100 are read');
    expect(() => new Packets(100).push(Buffer.from([0xff, 0xff, 0xff, 0xff]))).toThrow(SallyportError);
    expect(() => new Packets(100).push(Buffer.alloc(4))).toThrow('without a type');
    expect(new Packets(100).push(Buffer.from([0, 0, 0, 100]))).toEqual([]);
  });

  test('an extension in another version is one that the host does not have', () => {
    expect(carriedOf(new Map([['statvfs@openssh.com', '3']]))).toEqual([]);
    expect(readRequest(extended('statvfs@openssh.com', '/a'), { ...terms, extensions: [] })).toMatchObject({
      status: statuses.unsupported,
    });
  });

  test('sftp begins with INIT on both sides, and the host speaks version 3', () => {
    expect(readInit(encodePacket(types.init, undefined, 3))).toBe(3);
    expect(() => readInit(encodePacket(types.remove, 9, '/a'))).toThrow('begins with INIT');
    expect(readVersion(encodePacket(answerTypes.version, undefined, 3, 'a', '1'))).toEqual(new Map([['a', '1']]));
    expect(() => readVersion(encodePacket(answerTypes.version, undefined, 6))).toThrow('version 6');
    expect(() => readVersion(encodeStatus(9, statuses.ok, ''))).toThrow('no version');
  });

  test.each([
    [encodeStatus(9, statuses.eof, 'end'), { kind: 'status', status: statuses.eof, text: 'end' }],
    [encodePacket(answerTypes.status, 9, 21), { kind: 'status', status: statuses.failure, text: '' }],
    [encodePacket(answerTypes.handle, 9, 'h'), { kind: 'handle', handle: Buffer.from('h') }],
    [encodePacket(answerTypes.data, 9, 'xyz'), { kind: 'data', bytes: Buffer.from('xyz') }],
    [encodePacket(answerTypes.name, 9, 1, '/a', 'long', attributesField({})), { kind: 'name', first: '/a' }],
    [encodePacket(answerTypes.name, 9, 1, Buffer.from([0xff]), '', 0), { kind: 'name', first: undefined }],
    [encodePacket(answerTypes.name, 9, 1, '/a\0b', '', 0), { kind: 'name', first: undefined }],
    [encodePacket(answerTypes.name, 9, 0), { kind: 'name', first: undefined }],
  ])('answer %# is read as it was meant', (packet, meant) => {
    expect(readAnswer(packet)).toMatchObject(meant);
  });

  test.each([
    ['a request', encodePacket(types.remove, 9, '/a')],
    ['a handle past the draft’s', encodePacket(answerTypes.handle, 9, 'h'.repeat(257))],
    ['data that lies about its length', encodePacket(answerTypes.data, 9, 5)],
    ['nothing', Buffer.from([0, 0, 0, 1, 101])],
  ])('%s is no answer', (_, packet) => {
    expect(() => readAnswer(packet)).toThrow(SallyportError);
  });

  test('whatever the bytes, they are read, refused or against the protocol, and nothing else', () => {
    const valid = requests.map(([packet]) => packet);
    const mutated = fc
      .tuple(fc.constantFrom(...valid), fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 4 }), fc.nat(80))
      .map(([packet, changes, end]) => {
        const bytes = Buffer.from(packet);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes.subarray(0, Math.max(1, bytes.length - end * Number(end < 20)));
      });
    const bytes = fc.oneof(
      mutated,
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    );
    const readers = [
      (packet: Buffer) => readRequest(packet, terms),
      readInit,
      readAnswer,
      readVersion,
      readHostLimits,
      (stream: Buffer) => new Packets(1_000).push(stream),
    ];
    fc.assert(
      fc.property(bytes, (input) => {
        for (const read of readers) expect(thrownBy(() => read(input))).toSatisfy(isExpected);
      }),
      { numRuns: 1_000_000, interruptAfterTimeLimit: 2_000 },
    );
  });
});
