import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SallyportError } from '../../contract/errors.ts';
import { readTar, writeTar } from './tar.ts';

const files = new Map([
  ['a.json', Buffer.from('{}')],
  ['b/c', Buffer.alloc(700, 'x')],
  ['empty', Buffer.alloc(0)],
]);

test('what was written is read', () => {
  expect([...readTar(writeTar(files), 10)]).toEqual([...files]);
});

test('the same files give the same bytes', () => {
  expect(writeTar(files).equals(writeTar(new Map(files)))).toBe(true);
});

const oddities: readonly (readonly [string, (archive: Buffer) => Buffer])[] = [
  ['no end', (a) => a.subarray(0, a.length - 1024)],
  ['a body cut short', (a) => a.subarray(0, 1100)],
  ['data in the padding of a file', (a) => (a.write('x', 512 + 3), a)],
  ['data behind its end', (a) => Buffer.concat([a, Buffer.from('x')])],
  ['a file twice', (a) => Buffer.concat([a.subarray(0, 1024), a])],
  ['a symbolic link', (a) => header(a, (h) => h.write('2', 156))],
  ['a hard link', (a) => header(a, (h) => h.write('1', 156))],
  ['an extended header', (a) => header(a, (h) => h.write('x', 156))],
  ['a GNU long name', (a) => header(a, (h) => h.write('L', 156))],
  ['a device', (a) => header(a, (h) => h.write('3', 156))],
  ['a way up', (a) => header(a, (h) => h.write('/../a.json\0', 0))],
  ['a way up in the prefix', (a) => header(a, (h) => h.write('..\0', 345))],
  ['an empty segment', (a) => header(a, (h) => h.write('/a//b\0', 0))],
  ['a backslash', (a) => header(a, (h) => h.write('/a\\b\0', 0))],
  ['a control character', (a) => header(a, (h) => h.write('/a\x1bb\0', 0))],
  ['no name', (a) => header(a, (h) => h.fill(0, 0, 100))],
  ['a size that is not octal', (a) => header(a, (h) => h.write('0000000009x\0', 124))],
  ['a size in base 256', (a) => header(a, (h) => h.writeUInt8(0x80, 124))],
  ['a negative size', (a) => header(a, (h) => h.write('-0000000001\0', 124))],
];

test.each(oddities)('an archive with %s is refused', (_what, spoil) => {
  expect(() => readTar(spoil(writeTar(files)), 10)).toThrow(SallyportError);
});

test('a header with a wrong checksum is refused', () => {
  const archive = writeTar(files);
  archive[0] = 120;
  expect(() => readTar(archive, 10)).toThrow('checksum');
});

test('more files than allowed are refused', () => {
  expect(() => readTar(writeTar(files), 2)).toThrow('more than 2 files');
});

test('garbage is refused with our error and no other', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2048 }), (bytes) => {
      expect(() => readTar(Buffer.from(bytes), 10)).toThrow(SallyportError);
    }),
  );
});

/** Changes the first header and makes its checksum right again. */
function header(archive: Buffer, change: (header: Buffer) => void): Buffer {
  const first = archive.subarray(0, 512);
  change(first);
  first.fill(' ', 148, 156);
  const sum = first.reduce((a, b) => a + b, 0);
  first.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return archive;
}
