import { expect, test } from 'vitest';
import { forwardFact, placeText, socketPlace, tcpPlace } from './place.ts';

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

/** What policy reads of an address, however it is spelled. */
function kindOf(host: string, kind: 'local' | 'remote' = 'local') {
  const place = tcpPlace(host, 80, kind === 'remote');
  return typeof place === 'string' ? 'refused' : forwardFact(kind, place).host_is;
}

/** Each spelling leads to the host itself: a rule that forbids `loopback` has to meet all of them. */
test.each([
  ...['localhost', 'LOCALHOST', 'localhost.', 'LocalHost.LocalDomain', 'db.localhost', 'localhost6', 'ip6-loopback'],
  ...[
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '127.255.255.254',
    '127.0.1.1',
    '0177.0.0.1',
    '0177.1',
    '0x7f.0.0.1',
    '0x7f000001',
  ],
  ...['0X7F.0x1', '2130706433', '017700000001', '127.0.0.1.'],
  ...['0.0.0.0', '0', '0x0', '00000000000', '0.0', '0.0.0.0.', '[::]', '::', '0:0:0:0:0:0:0:0', '::0.0.0.0'],
  ...['::1', '[::1]', '0:0:0:0:0:0:0:1', '::0.0.0.1'],
  ...['::ffff:127.0.0.1', '::FFFF:7f00:1', '[0:0:0:0:0:ffff:127.1.2.3]', '::ffff:0.0.0.0', '::ffff:0:0'],
  ...['::127.0.0.1', '::7f00:1', '::ffff:0:127.0.0.1', '64:ff9b::127.0.0.1', '64:ff9b:1::7f00:1', '2002:7f00:1::'],
  ...['64:ff9b::', '2002::'],
])('a connection to %s goes to the host itself', (host) => {
  expect(kindOf(host)).toBe('loopback');
});

test.each([
  ['every', ['', '0.0.0.0', '0', '::', '[::]', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0']],
  ['loopback', ['localhost', '127.0.0.1', '127.1', '::1', '::ffff:127.0.0.1']],
  ['private', ['10.0.0.1']],
])('to listen at %s', (is, hosts) => {
  expect(hosts.map((host) => kindOf(host, 'remote'))).toEqual(hosts.map(() => is));
});

test.each([
  [
    'private',
    '10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 0xa000001 100.64.0.1 fd00:ec2::254 fc00::1 fec0::1',
  ],
  ['private', '::ffff:10.0.0.1 ::10.0.0.1 64:ff9b::a00:1 2002:a00:1::1'],
  ['link_local', '169.254.169.254 2852039166 0xa9fea9fe 0251.0376.0251.0376 ::ffff:169.254.169.254 fe80::1 febf::1'],
  ['multicast', '224.0.0.1 239.255.255.255 ff02::1'],
  [
    'reserved',
    '0.0.0.1 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.9 240.0.0.1 255.255.255.255 2001:db8::1 100::1 4000::1',
  ],
  [
    'public',
    '1.1.1.1 9.255.255.255 11.0.0.1 172.15.0.1 172.32.0.1 169.253.0.1 100.63.0.1 100.128.0.1 128.0.0.1 126.0.0.1',
  ],
  ['public', '2606:4700::1111 64:ff9b::101:101 2002:101:101::'],
  ['name', 'db db.example.com localhost.example.com notlocalhost localhost-1 my_db'],
])('%s: %s', (is, hosts) => {
  for (const host of hosts.split(' ')) expect([host, kindOf(host)]).toEqual([host, is]);
});

test('what has no address is none of them', () => {
  expect(forwardFact('agent').host_is).toBeNull();
  expect(forwardFact('local', { path: '/run/db.sock' }).host_is).toBeNull();
});
