import { setTimeout as sleep } from 'node:timers/promises';
import { SallyportError } from '../../contract/errors.ts';
import { bundleLimits } from '../bundle/read.ts';
import { get } from './request.ts';
import { foundArchive, type BundleSource, type Found } from './source.ts';

export interface HttpSourceOptions {
  readonly url: string;
  /** Sent as bearer token; asked for each time, so that a new one needs no restart. */
  readonly token?: () => Promise<string>;
  /** PEM authorities in place of the system's. */
  readonly ca?: string;
  /** How long the server may hold a request until there is something new. 0: it is not asked to. */
  readonly waitS: number;
  /** Between two requests where the server does not hold them: a random time between these, so that gateways do not come all at once. */
  readonly minPauseMs: number;
  readonly maxPauseMs: number;
  /** For an answer, beyond what the server was asked to wait. A minute unless told. */
  readonly answerMs?: number;
}

/** How OPA's servers say that they hold requests: openpolicyagent.org/docs/management-bundles#http-long-polling */
const longPollType = 'application/vnd.openpolicyagent.bundles';
const firstBackoffMs = 100;

/** What came of one request. */
type Answer =
  | { readonly kind: 'bundle'; readonly found: Found; readonly etag: string; readonly holds: boolean }
  | { readonly kind: 'unchanged'; readonly holds: boolean }
  | { readonly kind: 'failed'; readonly error: SallyportError };

/**
 * A bundle behind HTTP, by OPA's protocol: ETag, `Prefer: modes=snapshot` and `wait`, bearer token. A look during a long poll asks on its own
 * and does not wait for it; then what the poll brings is too old and dropped.
 */
export class HttpSource implements BundleSource {
  readonly where: string;
  readonly #options: HttpSourceOptions;
  readonly #url: URL;
  #etag = '';
  #digest = '';
  #holds = false;
  #failures = 0;
  #looks = 0;
  #arrived: Answer | undefined;

  constructor(options: HttpSourceOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    this.where = `${this.#url.origin}${this.#url.pathname}`; // a signed address has its secret in the query
  }

  async look(signal: AbortSignal): Promise<Found | undefined> {
    this.#looks++;
    const answer = this.#arrived ?? (await this.#ask(0, signal));
    this.#arrived = undefined;
    switch (answer.kind) {
      case 'bundle':
        this.#failures = 0;
        this.#holds = answer.holds;
        this.#etag = answer.etag;
        this.#digest = answer.found.digest;
        return answer.found;
      case 'unchanged':
        this.#failures = 0;
        this.#holds = answer.holds;
        return undefined;
      case 'failed':
        this.#failures++;
        this.#etag = ''; // whatever went wrong, the next answer is a whole bundle
        this.#digest = '';
        throw answer.error;
      default:
        return answer satisfies never;
    }
  }

  async wait(signal: AbortSignal): Promise<void> {
    const { waitS, minPauseMs, maxPauseMs } = this.#options;
    if (this.#failures > 0) return pause(this.#backoffMs(), signal);
    if (waitS === 0 || !this.#holds) return pause(between(minPauseMs, maxPauseMs), signal);
    const [looks, startMs] = [this.#looks, performance.now()];
    const answer = await this.#ask(waitS, signal);
    if (looks === this.#looks) this.#arrived = answer;
    // A server that says it waits and does not would be asked without end.
    const early = performance.now() - startMs < (waitS * 1_000) / 2;
    if (answer.kind === 'unchanged' && early) await pause(between(minPauseMs, maxPauseMs), signal);
  }

  #backoffMs(): number {
    const longest = Math.min(this.#options.maxPauseMs, firstBackoffMs * 2 ** Math.min(this.#failures - 1, 20));
    return between(longest / 2, longest);
  }

  async #ask(waitS: number, signal: AbortSignal): Promise<Answer> {
    const { token, ca, answerMs = 60_000 } = this.#options;
    const etag = this.#etag;
    try {
      const bearer = (await token?.())?.trim();
      const { status, headers, body } = await get(this.#url, {
        headers: {
          accept: `application/gzip, application/octet-stream, ${longPollType}`,
          prefer: waitS > 0 ? `modes=snapshot;wait=${waitS}` : 'modes=snapshot',
          'user-agent': 'sallyport',
          ...(etag === '' ? {} : { 'if-none-match': etag }),
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        },
        ca,
        signal: AbortSignal.any([signal, AbortSignal.timeout(waitS * 1_000 + answerMs)]),
        maxBytes: bundleLimits.maxArchiveBytes,
      });
      const holds = textOf(headers['content-type']).split(';')[0]?.trim() === longPollType;
      if (status === 304 && etag !== '') return { kind: 'unchanged', holds };
      if (status !== 200) throw new SallyportError('bundle-invalid', `answered ${status}`);
      const found = foundArchive(body);
      if (found.digest === this.#digest) return { kind: 'unchanged', holds }; // a server without ETags
      return { kind: 'bundle', found, etag: textOf(headers['etag']), holds };
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const error = new SallyportError('bundle-invalid', `no bundle from ${this.where}: ${why}`, { cause });
      return { kind: 'failed', error };
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined); // an abort ends the wait
}

function between(min: number, max: number): number {
  return min + Math.random() * Math.max(0, max - min);
}

function textOf(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}
