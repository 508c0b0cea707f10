import { expect, test } from 'vitest';
import { placeText, socketPlace, tcpPlace } from './place.ts';

const spelled = (host: string, port = 80, listens = false) => {
  const place = tcpPlace(host, port, listens);
  return typeof place === 'string' ? 'refused' : placeText(place);
};

test.each([
  ...[
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '0177.0.0.1',
    '2130706433',
    '0x7f000001',
    '::ffff:127.0.0.1',
    '[::ffff:7f00:1]',
  ].map((host) => [host, '127.0.0.1:80']),
  ...['::1', '[::1]', '0:0:0:0:0:0:0:1', '0::0001'].map((host) => [host, '[::1]:80']),
  ...['db.example.com', 'DB.Example.COM', 'db.example.com.'].map((host) => [host, 'db.example.com:80']),
  ...['my_db', 'MY_DB'].map((host) => [host, 'my_db:80']),
  ...[
    '',
    ' ',
    'a b',
    'a/b',
    'a@b',
    'a%62',
    'a:1',
    ':',
    '1:2',
    '[::1',
    '::1]',
    '::g',
    '::256.0.0.1',
    '1:2:3:4:5:6:7:8:9',
    '00001::1',
    'a\0b',
    'a\nb',
    'fe80::1%eth0',
    'müller',
    '256.256.256.256',
    '1.2.3.4.5',
    '.',
    '..',
  ].map((host) => [host, 'refused']),
])('%j is %s', (host, expected) => {
  expect(spelled(host)).toBe(expected);
});

test('ports have sixteen bits, and 0 is one to listen at only', () => {
  expect([spelled('a', 0), spelled('a', 65_536), spelled('a', -1), spelled('a', 1.5)]).toEqual(
    Array(4).fill('refused'),
  );
  expect([spelled('a', 0, true), spelled('', 22, true), spelled('a', 65_535)]).toEqual(['a:0', ':22', 'a:65535']);
});

test.each([
  ['/run/db.sock', true],
  ['run/db.sock', false],
  ['', false],
  ['/run/../etc/x', false],
  ['/run/./x', false],
  ['/run//x', false],
  ['/run/x/', false],
  ['/run/x\n', false],
  [`/${'x'.repeat(1_024)}`, false],
])('the socket %j', (path, isFine) => {
  expect(typeof socketPlace(path) !== 'string').toBe(isFine);
});
