import { isIPv4, isIPv6 } from 'node:net';
import { sized, type ValueCodec } from './codec.ts';

export const inet: ValueCodec = { decode: networkText, encode: (text) => networkBytes(text, 0) };
export const cidr: ValueCodec = { decode: networkText, encode: (text) => networkBytes(text, 1) };
export const macaddr: ValueCodec = macAddress(6);
export const macaddr8: ValueCodec = macAddress(8);

/** Family (2 or 3), prefix bits, is-cidr, address length, address: src/backend/utils/adt/network.c. */
function networkText(bytes: Buffer): string {
  const [family, bits, isCidr, length] = bytes;
  const address = bytes.subarray(4);
  if (
    bytes.length < 4 ||
    address.length !== length ||
    (family !== 2 && family !== 3) ||
    length !== (family === 2 ? 4 : 16)
  )
    throw new RangeError('not a network address');
  const text = family === 2 ? address.join('.') : ipv6(address);
  return isCidr === 1 || bits !== length * 8 ? `${text}/${bits}` : text;
}

/** RFC 5952: lower case, the longest run of two or more zero groups as `::`, IPv4 inside of IPv6 with points. */
function ipv6(address: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => address.readUInt16BE(2 * i).toString(16));
  const runs = [
    ...groups
      .map((group) => (group === '0' ? '0' : 'x'))
      .join('')
      .matchAll(/00+/g),
  ];
  const longest = runs.toSorted((a, b) => b[0].length - a[0].length)[0];
  if (!longest) return groups.join(':');
  const end = longest.index + longest[0].length;
  // As the server does: inet_net_ntop_ipv6 in src/port/inet_net_ntop.c.
  const holdsIpv4 = longest.index === 0 && (end === 6 || (end === 5 && groups[5] === 'ffff'));
  const tail = holdsIpv4 ? [...groups.slice(end, 6), address.subarray(12).join('.')] : groups.slice(end);
  return `${groups.slice(0, longest.index).join(':')}::${tail.join(':')}`;
}

function networkBytes(text: string, isCidr: 0 | 1): Buffer {
  const [address = '', suffix] = text.split('/');
  const isV4 = isIPv4(address);
  if (!isV4 && !isIPv6(address)) throw new RangeError('not a network address');
  const bytes = isV4 ? Buffer.from(address.split('.').map(Number)) : ipv6Bytes(address);
  const bits = suffix === undefined ? bytes.length * 8 : Number(suffix);
  if (!Number.isInteger(bits) || bits < 0 || bits > bytes.length * 8) throw new RangeError('not a network address');
  return Buffer.concat([Buffer.of(isV4 ? 2 : 3, bits, isCidr, bytes.length), bytes]);
}

/** Of an address as masks write it: without points, zeros left out at its end only. */
function ipv6Bytes(text: string): Buffer {
  const groups = text.replace(/::$/, '').split(':');
  if (groups.some((group) => !/^[0-9a-f]{0,4}$/.test(group))) throw new RangeError('not an address as masks write it');
  const bytes = Buffer.alloc(16);
  for (const [i, group] of groups.entries()) bytes.writeUInt16BE(Number.parseInt(group || '0', 16), 2 * i);
  return bytes;
}

function macAddress(length: 6 | 8): ValueCodec {
  return {
    decode: (bytes) =>
      sized(bytes, length)
        .toString('hex')
        .replace(/..(?=.)/g, '$&:'),
    encode: (text) => sized(Buffer.from(text.replaceAll(':', ''), 'hex'), length),
  };
}
