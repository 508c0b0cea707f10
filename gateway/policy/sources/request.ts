import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { getCACertificates } from 'node:tls';
import { SallyportError } from '../../contract/errors.ts';

/** More than that is a loop. */
const maxRedirects = 3;
/** Of an answer that is no success: enough to say why. */
const maxWhyBytes = 4_096;

export interface Asking {
  /** GET unless told. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** PEM authorities in place of the system's. */
  readonly ca?: string | readonly string[] | undefined;
  readonly signal: AbortSignal;
  /** A longer body is refused while it arrives. */
  readonly maxBytes: number;
  /**
   * A redirect to another origin: refused unless told. `bare`: followed over TLS without the authorization, for content whose digest is known;
   * registries keep it in stores of others.
   */
  readonly elsewhere?: 'bare';
}

export interface Answered {
  /** Who answered: another than who was asked, after a redirect elsewhere. */
  readonly origin: string;
  readonly status: number;
  readonly headers: Readonly<NodeJS.Dict<string | string[]>>;
  /** Of a success all of it; otherwise its beginning, which may say why. */
  readonly body: Buffer;
}

/**
 * One request. Redirects of a GET are followed within the origin only: the authorization is for this server, and so is the trust in its
 * answers (RFC 9110, section 15.4).
 * @throws SallyportError `bundle-invalid` for an answer that is too long or leads elsewhere; what Node throws when nobody answers
 */
export async function ask(url: URL, asking: Asking): Promise<Answered> {
  let [at, how] = [url, asking];
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const response = await responseTo(at, how);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (!isRedirect(status) || location === undefined) {
      const body = isSuccess(status) ? await bodyOf(response, how.maxBytes) : await beginningOf(response);
      response.destroy();
      return { origin: at.origin, status, headers: response.headers, body };
    }
    response.destroy();
    const to = redirected(at, location, how);
    if (to.origin !== at.origin) how = bare(how);
    at = to;
  }
  throw new SallyportError('bundle-invalid', `more than ${maxRedirects} redirects`);
}

/** A header's value; empty when it is not there, or there twice. */
export function headerOf({ headers }: Answered, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

function responseTo(url: URL, { method = 'GET', headers, body, ca, signal }: Asking): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  // `agent: false`: a connection of its own, closed afterwards. Polls are rare, and a kept one could be a dead one.
  const options = { method, headers: { ...headers, ...length }, signal, agent: false } as const;
  const sent =
    url.protocol === 'https:'
      ? requestHttps(url, { ...options, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca: [ca].flat() }) })
      : requestHttp(url, options);
  sent.once('response', resolve).on('error', reject).end(body);
  return promise;
}

async function bodyOf(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    // no encoding was set: chunks are buffers
    bytes += chunk.length;
    if (bytes > maxBytes) throw new SallyportError('bundle-invalid', `the answer is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What cannot be read of it is left out: the status says enough. */
async function beginningOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk); // a buffer: see bodyOf
      bytes += chunk.length;
      if (bytes >= maxWhyBytes) break;
    }
  } catch {
    return Buffer.alloc(0);
  }
  return Buffer.concat(chunks).subarray(0, maxWhyBytes);
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

function redirected(from: URL, location: string, { method = 'GET', elsewhere }: Asking): URL {
  const to = URL.parse(location, from.href);
  const fine = to !== null && to.username === '' && to.password === '' && (method === 'GET' || method === 'HEAD');
  if (fine && (to.origin === from.origin || (elsewhere === 'bare' && isNoWorse(from, to)))) return to;
  throw new SallyportError('bundle-invalid', `redirected to another origin (${to?.origin ?? 'no address'})`);
}

/** TLS, or the same machine as before: a clear text server is on loopback. */
function isNoWorse(from: URL, to: URL): boolean {
  return to.protocol === 'https:' || (from.protocol === 'http:' && to.hostname === from.hostname);
}

/** For somebody whom nobody configured: nothing that is secret, and believed by the system's authorities too. */
function bare({ headers, ca, ...asking }: Asking): Asking {
  const { authorization: _secret, ...rest } = headers;
  return { ...asking, headers: rest, ...(ca === undefined ? {} : { ca: [...[ca].flat(), ...getCACertificates()] }) };
}
