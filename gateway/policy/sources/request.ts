import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { SallyportError } from '../../contract/errors.ts';

/** More than that is a loop. */
const maxRedirects = 3;

export interface Asking {
  readonly headers: Readonly<Record<string, string>>;
  /** PEM authorities in place of the system's. */
  readonly ca?: string | undefined;
  readonly signal: AbortSignal;
  /** A longer body is refused while it arrives. */
  readonly maxBytes: number;
}

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<NodeJS.Dict<string | string[]>>;
  /** Of a 200; empty otherwise. */
  readonly body: Buffer;
}

/**
 * One GET. Redirects are followed within the origin only: the token is for this server, and so is the trust in its answers (RFC 9110, section 15.4).
 * @throws SallyportError `bundle-invalid` for an answer that is too long or leads elsewhere; what Node throws when nobody answers
 */
export async function get(url: URL, asking: Asking): Promise<Answered> {
  let at = url;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const response = await responseTo(at, asking);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (!isRedirect(status) || location === undefined) {
      const body = status === 200 ? await bodyOf(response, asking.maxBytes) : Buffer.alloc(0);
      response.destroy();
      return { status, headers: response.headers, body };
    }
    response.destroy();
    at = redirected(at, location);
  }
  throw new SallyportError('bundle-invalid', `more than ${maxRedirects} redirects`);
}

function responseTo(url: URL, { headers, ca, signal }: Asking): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // `agent: false`: a connection of its own, closed afterwards. Polls are rare, and a kept one could be a dead one.
  const options = { headers, signal, agent: false } as const;
  const sent =
    url.protocol === 'https:'
      ? requestHttps(url, { ...options, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) })
      : requestHttp(url, options);
  sent.once('response', resolve).on('error', reject).end();
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

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

function redirected(from: URL, location: string): URL {
  const to = URL.parse(location, from.href);
  if (to?.origin === from.origin && to.username === '' && to.password === '') return to;
  throw new SallyportError('bundle-invalid', `redirected to another origin (${to?.origin ?? 'no address'})`);
}
