import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileFlags, fileOperations } from '../../contract/command-ssh.ts';
import { absolutePath, fileCommand, isFileLine, linkTarget, readFileLine } from './index.ts';

const path = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => absolutePath(text, '/home/ana'));
const number = fc.nat(2 ** 32 - 1);
const attributes = fc.record({
  size: fc.option(number, { nil: undefined }),
  owner: fc.option(fc.record({ uid: number, gid: number }), { nil: undefined }),
  mode: fc.option(fc.nat(0o7777), { nil: undefined }),
  times: fc.option(fc.record({ accessed: number, modified: number }), { nil: undefined }),
});

describe('operations on files', () => {
  test('what is written down of one is read back as the same command', () => {
    const operations = fc.constantFrom(...fileOperations);
    fc.assert(
      fc.property(
        operations,
        fc.tuple(path, path, path, path),
        fc.subarray([...fileFlags]),
        attributes,
        (operation, paths, some, set) => {
          const opens = operation === 'open';
          const isTwo = ['rename', 'symlink', 'link', 'copy'].includes(operation);
          const flags = opens ? fileFlags.filter((flag) => flag === 'read' || some.includes(flag)) : [];
          const [a, b, askedPath, other] = paths;
          const [target, askedTarget] = isTwo ? [b, other] : [undefined, undefined];
          const command = fileCommand({
            ...{ operation, path: a, target, askedPath, askedTarget, flags },
            attributes: set,
          });
          const line = `sftp: ${command.text}`;
          expect(isFileLine(line)).toBe(true);
          expect(readFileLine(line)).toEqual({ ok: true, command });
        },
      ),
    );
  });

  test.each([
    ['a/../b', '/home/ana/b'],
    ['/srv//x/./y/', '/srv/x/y'],
    ['../../../..', '/'],
    ['', '/home/ana'],
    ['/..', '/'],
  ])('%j is the path %s', (text, absolute) => {
    expect(absolutePath(text, '/home/ana')).toBe(absolute);
  });

  test('what a link leads to begins at its directory', () => {
    expect(linkTarget('/home/ana/link', '../bea/x')).toBe('/home/bea/x');
    expect(linkTarget('/home/ana/link', '/etc/passwd')).toBe('/etc/passwd');
  });

  test.each([
    ['sftp:', 'no operation'],
    ['sftp: open /etc/passwd', 'has flags'],
    ['sftp: open read etc/passwd', 'a path is missing'],
    ['sftp: stat "/unterminated', 'quoted'],
    ['sftp: stat /a /b', 'one path'],
    ['sftp: stat /a as', 'one path'],
    ['sftp: setstat mode=0888 /a', 'none of size'],
    ['sftp: list mode=0644 "/a\\q"', 'quoted'],
  ])('%s is refused', (line, why) => {
    const read = readFileLine(line);
    expect(!read.ok && read.why).toContain(why);
  });
});
