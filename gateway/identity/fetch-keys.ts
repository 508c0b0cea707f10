import type { JWK } from 'jose';
import { z } from 'zod';
import { isTrustworthyUrl } from './config.ts';

export type Fetch = typeof fetch;

const maxBytes = 256 * 1024;
const maxKeys = 100;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.string() });
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(1_000) });

/**
 * An issuer's public keys, fetched. Keys of kinds we do not verify with are left out, as RFC 7517 section 5 wants it.
 * @throws Error when they cannot be had: the message is for the log
 */
export async function fetchKeys(
  issuer: { readonly issuer: string; readonly jwks_uri?: string | undefined },
  fetcher: Fetch,
  signal: AbortSignal,
): Promise<readonly JWK[]> {
  const uri = issuer.jwks_uri ?? (await discoverKeys(issuer.issuer, fetcher, signal));
  const keys = publicKeys(await fetchJson(uri, fetcher, signal));
  if (keys.length === 0) throw new Error(`${uri} holds no key that can verify a token`);
  return keys;
}

/** Public keys for signatures in a JWK set. A symmetric key or a private half is never one, whoever published it. */
export function publicKeys(document: unknown): readonly JWK[] {
  return keySet
    .parse(document)
    .keys.filter((key) => ['RSA', 'EC', 'OKP'].includes(key.kty) && !('d' in key) && !('k' in key))
    .filter((key) => key['use'] === undefined || key['use'] === 'sig')
    .slice(0, maxKeys);
}

/** https://openid.net/specs/openid-connect-discovery-1_0.html section 4 */
export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

async function discoverKeys(issuer: string, fetcher: Fetch, signal: AbortSignal): Promise<string> {
  const url = discoveryUrl(issuer);
  const found = discovery.parse(await fetchJson(url, fetcher, signal));
  // Section 4.3: the two must be identical, or one issuer could speak for another.
  if (found.issuer !== issuer) throw new Error(`${url} names itself ${JSON.stringify(found.issuer)}`);
  if (!isTrustworthyUrl(found.jwks_uri))
    throw new Error(`${url} gives keys at ${JSON.stringify(found.jwks_uri)}, which is not https`);
  return found.jwks_uri;
}

async function fetchJson(url: string, fetcher: Fetch, signal: AbortSignal): Promise<unknown> {
  const response = await fetcher(url, { headers: { accept: 'application/json' }, redirect: 'error', signal });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`${url} answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // fetch's body is a stream of bytes; its type says `any`
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = response.body ?? [];
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`${url} sent more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const read: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  return read;
}
