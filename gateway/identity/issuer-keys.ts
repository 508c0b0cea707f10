import { createLocalJWKSet, errors } from 'jose';
import type { CryptoKey, JWSHeaderParameters } from 'jose';
import type { BaseLogger } from 'pino';
import type { Clock } from '../contract/ports.ts';
import { fetchKeys } from './fetch-keys.ts';
import type { Fetch } from './fetch-keys.ts';
import { readKeysFile, writeKeysFile } from './keys-file.ts';
import type { FetchedKeys } from './keys-file.ts';

export interface KeyPorts {
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly log: Pick<BaseLogger, 'info' | 'warn' | 'error'>;
  /** Directory to keep fetched keys in; without it a restart needs the issuer. */
  readonly keysDir?: string | undefined;
}

export type FoundKey =
  | { readonly ok: true; readonly key: CryptoKey }
  | { readonly ok: false; readonly why: 'unknown_key' | 'keys_unavailable'; readonly about: string };

/** Half of the ten minutes for which others keep keys: a rotated-out key is refused soon, and one missed fetch hurts nobody. */
const refreshMs = 300_000;
/** A stranger's unknown `kid` makes us ask the issuer this often at most. */
const cooldownMs = 30_000;
const fetchTimeoutMs = 5_000;
const retryMs = [2_000, 5_000, 15_000, 30_000, 60_000] as const;

/**
 * The keys of one issuer. They are fetched in the background before anybody misses them, and stay good for `staleMs` after the last
 * good fetch. (jose's own remote set drops them ten minutes into an outage.)
 */
export class IssuerKeys implements Disposable {
  readonly #issuer: { readonly issuer: string; readonly jwks_uri?: string | undefined };
  readonly #staleMs: number;
  readonly #ports: KeyPorts;
  readonly #closed = new AbortController();
  #have: (FetchedKeys & { readonly pick: ReturnType<typeof createLocalJWKSet> }) | undefined;
  #fetching: Promise<void> | undefined;
  #triedAtMs = -Infinity;
  #failures = 0;
  #lastError = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(
    issuer: { readonly issuer: string; readonly jwks_uri?: string | undefined },
    staleMs: number,
    ports: KeyPorts,
  ) {
    this.#issuer = issuer;
    this.#staleMs = staleMs;
    this.#ports = ports;
  }

  /** Reads what the last run kept and starts fetching. Never fails: an issuer that is down is waited for. */
  async start(): Promise<void> {
    const { keysDir, log } = this.#ports;
    if (keysDir !== undefined) {
      try {
        const kept = await readKeysFile(keysDir, this.#issuer.issuer);
        // A time ahead of the clock would keep old keys good for ever.
        if (kept && kept.fetchedAtMs <= this.#ports.clock.now()) this.#use(kept);
      } catch (error) {
        log.warn({ issuer: this.#issuer.issuer, err: error }, 'kept issuer keys cannot be read');
      }
    }
    const first = this.#refresh();
    if (!this.#fresh()) await first;
  }

  /** The key that the header names, asking the issuer when it is unknown. The header chooses among the issuer's keys and brings none of its own. */
  async find(header: JWSHeaderParameters): Promise<FoundKey> {
    if (!this.#fresh()) await this.#refreshUnlessJustTried();
    else if (this.#ageMs() > refreshMs) void this.#refresh();
    const found = await this.#pick(header);
    if (found.ok || found.why !== 'unknown_key') return found;
    const before = this.#have;
    await this.#refreshUnlessJustTried();
    return this.#have === before ? found : this.#pick(header);
  }

  status(): { readonly fetchedAtMs: number | null; readonly usable: boolean; readonly error: string } {
    return { fetchedAtMs: this.#have?.fetchedAtMs ?? null, usable: this.#fresh(), error: this.#lastError };
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
    clearTimeout(this.#timer);
  }

  async #pick(header: JWSHeaderParameters): Promise<FoundKey> {
    if (!this.#have || !this.#fresh()) return { ok: false, why: 'keys_unavailable', about: '' };
    try {
      return { ok: true, key: await this.#have.pick(header) };
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys)
        return { ok: false, why: 'unknown_key', about: ', for it names none ("kid")' };
      return { ok: false, why: 'unknown_key', about: '' };
    }
  }

  #ageMs(): number {
    return this.#have ? this.#ports.clock.now() - this.#have.fetchedAtMs : Infinity;
  }

  #fresh(): boolean {
    return this.#ageMs() <= this.#staleMs;
  }

  async #refreshUnlessJustTried(): Promise<void> {
    if (this.#fetching || this.#ports.clock.now() - this.#triedAtMs >= cooldownMs) await this.#refresh();
  }

  /** One fetch at a time, shared by all who wait for it. Never rejects. */
  #refresh(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    const { clock, log, keysDir } = this.#ports;
    const { issuer } = this.#issuer;
    if (this.#closed.signal.aborted) return;
    this.#triedAtMs = clock.now();
    try {
      const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(fetchTimeoutMs)]);
      const keys = await fetchKeys(this.#issuer, this.#ports.fetch, signal);
      const fetched = { keys, fetchedAtMs: clock.now() };
      this.#use(fetched);
      if (this.#failures > 0) log.info({ issuer }, 'issuer keys can be fetched again');
      this.#failures = 0;
      this.#lastError = '';
      if (keysDir !== undefined) await writeKeysFile(keysDir, issuer, fetched);
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      this.#failures += 1;
      this.#lastError = error instanceof Error ? error.message : String(error);
      log.warn({ issuer, err: error, usable: this.#fresh() }, 'issuer keys cannot be fetched or kept');
    } finally {
      this.#schedule();
    }
  }

  #use(fetched: FetchedKeys): void {
    this.#have = { ...fetched, pick: createLocalJWKSet({ keys: [...fetched.keys] }) };
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#closed.signal.aborted) return;
    const retry = retryMs[Math.min(this.#failures, retryMs.length) - 1] ?? refreshMs;
    this.#timer = setTimeout(() => void this.#refresh(), Math.min(retry, this.#staleMs / 2)).unref();
  }
}
