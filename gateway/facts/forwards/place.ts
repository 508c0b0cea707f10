import type { ForwardFact } from '../../contract/command-ssh.ts';
import { hostKind } from './host-kind.ts';

/** Where a forward leads to, or listens: what policy reads, and what the host is asked for. */
export type ForwardPlace = { readonly host: string; readonly port: number } | { readonly path: string };

const longestName = 255;
const longestPath = 1_024;
const quad = /^(?:\d{1,3}\.){3}\d{1,3}$/;
const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * One spelling for each address: resolvers take `0x7f.1`, `127.1`, `2130706433` and `::ffff:127.0.0.1` for 127.0.0.1, and names whatever their
 * case, with a dot at the end or without.
 * @param listens an empty address then means all of them (RFC 4254 section 7.1), and port 0 any that is free
 * @returns a sentence when it is no address that is understood
 */
export function tcpPlace(host: string, port: number, listens: boolean): ForwardPlace | string {
  if (!Number.isInteger(port) || port < (listens ? 0 : 1) || port > 65_535) return `${port} is no port`;
  if (listens && host === '') return { host, port };
  const one = hostOf(host);
  return one === undefined ? 'the address of the forward is no name and no address' : { host: one, port };
}

/** @returns a sentence when it is no path that is understood */
export function socketPlace(path: string): ForwardPlace | string {
  if (!path.startsWith('/') || path.length > longestPath || !/^[!-~]+$/.test(path))
    return 'the socket of the forward is no absolute path of plain characters';
  // The host would resolve these; what links do there only it knows.
  if (/\/\.{0,2}(\/|$)/.test(path)) return 'the path of the socket is not in its plain form';
  return { path };
}

/** The facts of a forward. */
export function forwardFact(kind: ForwardFact['kind'], place?: ForwardPlace): ForwardFact {
  const nowhere = { kind, host: null, host_is: null, port: null, path: null };
  if (!place) return nowhere;
  if ('path' in place) return { ...nowhere, path: place.path };
  const { host, port } = place;
  return { ...nowhere, host, host_is: hostKind(host, kind === 'remote'), port };
}

/** A path, or host and port with an IPv6 address in brackets: RFC 3986 section 3.2.2. */
export function placeText(place: ForwardPlace): string {
  if ('path' in place) return place.path;
  return `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
}

function hostOf(written: string): string | undefined {
  const bare = written.startsWith('[') && written.endsWith(']') ? written.slice(1, -1) : written;
  if (/^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(bare)) return ipv6(bare);
  if (!/^[A-Za-z0-9_.-]+$/.test(bare) || bare.length > longestName) return undefined;
  try {
    // The URL standard reads numbers of an address as resolvers do.
    const host = new URL(`http://${bare}/`).hostname.replace(/\.$/, '');
    return host === '' || (!quad.test(host) && /^[0-9.]+$/.test(host)) ? undefined : host;
  } catch {
    return undefined;
  }
}

function ipv6(address: string): string | undefined {
  const host = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  if (host === undefined) return undefined;
  const [, high, low] = mapped.exec(host) ?? [];
  if (high === undefined || low === undefined) return host;
  const bytes = [high, low].flatMap((part) => [parseInt(part, 16) >> 8, parseInt(part, 16) & 255]);
  return bytes.join('.');
}
