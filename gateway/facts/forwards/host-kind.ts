import type { HostKind } from '../../contract/command-ssh.ts';

/** Names that hosts give themselves: RFC 6761 section 6.3, and the /etc/hosts of Debian and Fedora. */
const ownNames: ReadonlySet<string> = new Set([
  ...['localhost', 'localhost.localdomain', 'localhost4', 'localhost4.localdomain4'],
  ...['localhost6', 'localhost6.localdomain6', 'ip6-localhost', 'ip6-loopback'],
]);

type Block = readonly [prefix: string, is: HostKind];

/** The first that fits: RFC 6890 and the registry that it begins. Prefixes in bits. */
const blocks4: readonly Block[] = read(bits4, [
  ['0.0.0.0/8', 'reserved'],
  ['127.0.0.0/8', 'loopback'],
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map((block): Block => [block, 'private']),
  ['169.254.0.0/16', 'link_local'],
  ['224.0.0.0/4', 'multicast'],
  ...['192.0.0.0/24', '192.0.2.0/24', '198.18.0.0/15', '198.51.100.0/24'].map((block): Block => [block, 'reserved']),
  ...['203.0.113.0/24', '240.0.0.0/4'].map((block): Block => [block, 'reserved']),
]);
const blocks6: readonly Block[] = read(bits6, [
  ['::1/128', 'loopback'],
  ['fc00::/7', 'private'],
  ['fe80::/10', 'link_local'],
  // Site-local, which nobody gives out any more: RFC 3879.
  ['fec0::/10', 'private'],
  ['ff00::/8', 'multicast'],
  ['2001:db8::/32', 'reserved'],
  ['2000::/3', 'public'],
]);

/** Within these an IPv4 address stands, from that bit on: RFC 4291 section 2.5.5, RFC 6052 section 2.1, RFC 8215, RFC 3056. */
const embeddings: readonly (readonly [prefix: string, at: number])[] = (
  [
    ['::ffff:0:0/96', 96],
    ['::ffff:0:0:0/96', 96],
    ['64:ff9b::/96', 96],
    ['64:ff9b:1::/48', 96],
    ['::/96', 96],
    ['2002::/16', 16],
  ] as const
).map(([block, at]) => [prefixOf(block, bits6), at]);

/**
 * What an address is that `tcpPlace` has brought to its one spelling.
 * @param listens as the place of a remote forward
 */
export function hostKind(host: string, listens: boolean): HostKind {
  if (host === '' || host === '0.0.0.0' || host === '::') return listens ? 'every' : 'loopback';
  if (/^[\d.]+$/.test(host)) return kind4(bits4(host));
  if (!host.includes(':')) return ownNames.has(host) || host.endsWith('.localhost') ? 'loopback' : 'name';
  const bits = bits6(host);
  const own = blocks6.find(([prefix, is]) => is === 'loopback' && bits.startsWith(prefix));
  const embedding = embeddings.find(([prefix]) => bits.startsWith(prefix));
  if (embedding && !own) return kind4(bits.slice(embedding[1], embedding[1] + 32));
  return blocks6.find(([prefix]) => bits.startsWith(prefix))?.[1] ?? 'reserved';
}

function kind4(bits: string): HostKind {
  // As of all zeros themselves: a connection goes to the host itself.
  if (!bits.includes('1')) return 'loopback';
  return blocks4.find(([prefix]) => bits.startsWith(prefix))?.[1] ?? 'public';
}

/** An address of one kind, in its one spelling, as ones and zeros. */
type BitsOf = (address: string) => string;

function read(bitsOf: BitsOf, blocks: readonly Block[]): readonly Block[] {
  return blocks.map(([block, is]) => [prefixOf(block, bitsOf), is]);
}

function prefixOf(block: string, bitsOf: BitsOf): string {
  const [address = '', length = ''] = block.split('/');
  return bitsOf(address).slice(0, Number(length));
}

function bits4(address: string): string {
  return address
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');
}

/** Of RFC 5952's spelling, without an IPv4 address in it. */
function bits6(address: string): string {
  const [front = '', back] = address.split('::');
  const groups = (text: string): readonly string[] => (text === '' ? [] : text.split(':'));
  const [first, last] = [groups(front), groups(back ?? '')];
  const zeros = Array<string>(8 - first.length - last.length).fill('0');
  return [...first, ...zeros, ...last].map((group) => parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}
