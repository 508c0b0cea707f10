import { SallyportError } from '../../contract/errors.ts';
import { bundleLimits } from '../bundle/read.ts';
import { Pacing } from './pacing.ts';
import { ask, headerOf, type Answered } from './request.ts';
import { foundArchive, type BundleSource, type Found } from './source.ts';

export interface HttpSourceOptions {
  readonly url: string;
  /** What is said of where it is, in place of the address without its query. */
  readonly where?: string;
  /** Headers that prove who asks; made for each request, so that a new secret needs no restart. */
  readonly authorize?: (url: URL) => Promise<Readonly<Record<string, string>>>;
  /** Why an answer is no bundle, in words that help; undefined: its status has to do. */
  readonly explain?: (answer: Answered) => string | undefined;
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
  readonly #pacing: Pacing;
  #looks = 0;
  #arrived: Answer | undefined;

  constructor(options: HttpSourceOptions) {
    this.#options = options;
    this.#url = new URL(options.url);
    this.where = options.where ?? `${this.#url.origin}${this.#url.pathname}`; // a signed address has its secret in the query
    this.#pacing = new Pacing(options);
  }

  async look(signal: AbortSignal): Promise<Found | undefined> {
    this.#looks++;
    const answer = this.#arrived ?? (await this.#ask(0, signal));
    this.#arrived = undefined;
    switch (answer.kind) {
      case 'bundle':
        this.#pacing.answered();
        this.#holds = answer.holds;
        this.#etag = answer.etag;
        this.#digest = answer.found.digest;
        return answer.found;
      case 'unchanged':
        this.#pacing.answered();
        this.#holds = answer.holds;
        return undefined;
      case 'failed':
        this.#pacing.failed();
        this.#etag = ''; // whatever went wrong, the next answer is a whole bundle
        this.#digest = '';
        throw answer.error;
      default:
        return answer satisfies never;
    }
  }

  async wait(signal: AbortSignal): Promise<void> {
    const { waitS } = this.#options;
    if (this.#pacing.isFailing || waitS === 0 || !this.#holds) return this.#pacing.pause(signal);
    const [looks, startMs] = [this.#looks, performance.now()];
    const answer = await this.#ask(waitS, signal);
    if (looks === this.#looks) this.#arrived = answer;
    // A server that says it waits and does not would be asked without end.
    const early = performance.now() - startMs < (waitS * 1_000) / 2;
    if (answer.kind === 'unchanged' && early) await this.#pacing.pause(signal);
  }

  async #ask(waitS: number, signal: AbortSignal): Promise<Answer> {
    const { authorize, explain, ca, answerMs = 60_000 } = this.#options;
    const etag = this.#etag;
    try {
      const answer = await ask(this.#url, {
        headers: {
          accept: `application/gzip, application/octet-stream, ${longPollType}`,
          prefer: waitS > 0 ? `modes=snapshot;wait=${waitS}` : 'modes=snapshot',
          'user-agent': 'sallyport',
          ...(etag === '' ? {} : { 'if-none-match': etag }),
          ...(await authorize?.(this.#url)),
        },
        ca,
        signal: AbortSignal.any([signal, AbortSignal.timeout(waitS * 1_000 + answerMs)]),
        maxBytes: bundleLimits.maxArchiveBytes,
      });
      const { status } = answer;
      const holds = headerOf(answer, 'content-type').split(';')[0]?.trim() === longPollType;
      if (status === 304 && etag !== '') return { kind: 'unchanged', holds };
      if (status !== 200) {
        const why = explain?.(answer);
        throw new SallyportError('bundle-invalid', `answered ${status}${why === undefined ? '' : `: ${why}`}`);
      }
      const found = foundArchive(answer.body);
      if (found.digest === this.#digest) return { kind: 'unchanged', holds }; // a server without ETags
      return { kind: 'bundle', found, etag: headerOf(answer, 'etag'), holds };
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const error = new SallyportError('bundle-invalid', `no bundle from ${this.where}: ${why}`, { cause });
      return { kind: 'failed', error };
    }
  }
}

/** Headers with a bearer token (RFC 6750). Editors end a file with a newline; a token does not. */
export function bearer(token: () => Promise<string>): () => Promise<Readonly<Record<string, string>>> {
  return async () => ({ authorization: `Bearer ${(await token()).trim()}` });
}
