import { sqlNull, type Write } from './cell.ts';
import { putAscii, type FormWrite } from './form.ts';
import { anyNetwork } from './redact.ts';

/** An address with its prefix, as an inet or a cidr is written. */
interface Network {
  /** 4 or 16 bytes. */
  readonly address: Buffer;
  readonly bits: number;
}

const maxBytes = 'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128'.length;

function readNetwork(source: Buffer, start: number, end: number): Network | undefined {
  if (end - start > maxBytes) return undefined;
  const [, text = '', suffix] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/.exec(source.toString('latin1', start, end)) ?? [];
  const address = text.includes(':') ? ipv6Bytes(text) : ipv4Bytes(text);
  if (!address) return undefined;
  const bits = suffix === undefined ? address.length * 8 : Number(suffix);
  return bits <= address.length * 8 ? { address, bits } : undefined;
}

function ipv4Bytes(text: string): Buffer | undefined {
  const parts = text.split('.');
  const isAddress = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
  return isAddress ? Buffer.from(parts.map(Number)) : undefined;
}

/** RFC 4291 section 2.2. */
function ipv6Bytes(text: string): Buffer | undefined {
  // The last four bytes may be written as an IPv4 address.
  const [, dotted] = /:(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  const last = dotted === undefined ? undefined : ipv4Bytes(dotted);
  if (dotted !== undefined && !last) return undefined;
  const plain = dotted && last ? text.slice(0, -dotted.length) + last.toString('hex').replace(/^..../, '$&:') : text;
  const [head = [], tail, more] = plain.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (more !== undefined || (tail ? missing < 1 : missing !== 0)) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return undefined;
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** What tells a company or a household, and no device in it. */
const shownBits = { 4: 24, 16: 48 } as const;

/** The network that the address is in. One that is no smaller than that is hidden whole: nothing of it would be. */
export const partialNetwork: Write = (source, start, end, target, at) => {
  const network = readNetwork(source, start, end);
  if (!network) return sqlNull;
  const { address, bits } = network;
  const shown = address.length === 4 ? shownBits[4] : shownBits[16];
  if (bits <= shown) return putAscii(anyNetwork, target, at);
  if (address.length === 4) return putAscii(`${address.subarray(0, 3).join('.')}.0/24`, target, at);
  const groups = [0, 2, 4].map((i) => address.readUInt16BE(i).toString(16));
  return putAscii(groups.every((group) => group === '0') ? '::/48' : `${ipv6Prefix(groups)}/48`, target, at);
};

/** RFC 5952 for an address whose last five groups are zero: so are those before them, in one run. */
function ipv6Prefix(groups: readonly string[]): string {
  const last = groups.findLastIndex((group) => group !== '0');
  return `${groups.slice(0, last + 1).join(':')}::`;
}

/** An address of those that mean nothing outside of a site (RFC 4193): `fd`, the key's version, and 112 random bits. */
export function localNetwork(version: number): FormWrite {
  return (source, start, end, random, from, target, at) => {
    if (!readNetwork(source, start, end)) return sqlNull;
    const groups = [0xfd00 | version];
    // No group is zero, so that there is one way only to write the address.
    for (let i = 0; i < 7; i++) groups.push(random.readUInt16BE(from + 2 * i) || 1);
    return putAscii(groups.map((group) => group.toString(16)).join(':'), target, at);
  };
}

/** Another address of the same kind, without its prefix. */
export function tokenNetwork(version: number): FormWrite {
  const local = localNetwork(version);
  return (source, start, end, random, from, target, at) => {
    const network = readNetwork(source, start, end);
    if (!network) return sqlNull;
    if (network.address.length === 16) return local(source, start, end, random, from, target, at);
    return putAscii(random.subarray(from, from + 4).join('.'), target, at);
  };
}
