import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Sent } from './sender.ts';

export interface Receiver {
  readonly url: string;
  /** Asked for each time, so that a new credential needs no restart. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** PEM authorities in place of the system's. */
  readonly ca?: string | undefined;
  /** What the receiver wants to read for these lines. */
  readonly body: (lines: readonly string[]) => string;
  /** What its answer means. */
  readonly judge: (answer: Answer) => Sent;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The beginning of it. */
  readonly body: string;
}

const timeoutMs = 30_000;
const maxAnswerBytes = 64 << 10;
const zip = promisify(gzip);

/** Posts lines, compressed, once. Redirects are not followed: the credential is for this address. Never throws. */
export async function post(receiver: Receiver, lines: readonly string[], signal: AbortSignal): Promise<Sent> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const bytes = await zip(receiver.body(lines));
    const headers = {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'content-length': bytes.length,
      'user-agent': 'sallyport',
      ...(await receiver.headers()),
    };
    const response = await answerTo(new URL(receiver.url), headers, receiver.ca, bytes, limit);
    const { 'retry-after': retryAfter } = response.headers;
    return receiver.judge({ status: response.statusCode ?? 0, retryAfter, body: await beginningOf(response) });
  } catch (error) {
    return { outcome: 'retry', why: error instanceof Error ? error.message : 'unknown' };
  }
}

/** Seconds as milliseconds; undefined for a date or nothing. RFC 9110, section 10.2.3. */
export function retryAfterMs({ retryAfter }: Answer): number | undefined {
  return retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : undefined;
}

function answerTo(
  url: URL,
  headers: Readonly<Record<string, string | number>>,
  ca: string | undefined,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = { method: 'POST', headers, signal } as const;
  const sent =
    url.protocol === 'https:'
      ? requestHttps(url, { ...options, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) })
      : requestHttp(url, options);
  sent.once('response', resolve).on('error', reject).end(bytes);
  return promise;
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    // no encoding was set: chunks are buffers
    bytes += chunk.length;
    if (bytes <= maxAnswerBytes) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
