import type { Clock } from '../../contract/ports.ts';
import type { Login } from '../../contract/principal.ts';
import { fingerprint, parsePublicKey } from './public-key.ts';

/** How often all keys are looked at for those that have ended. */
const sweepEvery = 256;

/**
 * Keys that stand for a login until that ends: `sallyport ssh login` registers one with a token. In memory alone: after a restart
 * everybody logs in again, and no file says who may.
 */
export class SshKeys {
  readonly #logins = new Map<string, Login>();
  readonly #clock: Clock;
  readonly #most: number;
  #registered = 0;

  /** @param most that have not ended */
  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** @returns a sentence when it is not taken */
  register(line: string, login: Login): { readonly fingerprint: string } | string {
    const key = parsePublicKey(line);
    if (typeof key === 'string') return key;
    if (++this.#registered % sweepEvery === 0 || this.#logins.size >= this.#most) this.#sweep();
    const name = fingerprint(key.blob);
    const holder = this.#logins.get(name);
    // Public keys are public: whoever could take one over would have what its holder does recorded as their own.
    if (holder && !this.#hasEnded(holder) && !isSame(holder, login)) return 'this key is registered for somebody else';
    if (this.#logins.size >= this.#most && !this.#logins.has(name))
      return 'there are too many registered keys: try again later';
    this.#logins.set(name, login);
    return { fingerprint: name };
  }

  /** @param blob the key's wire form */
  find(blob: Buffer): Login | undefined {
    const name = fingerprint(blob);
    const login = this.#logins.get(name);
    if (login && this.#hasEnded(login)) this.#logins.delete(name);
    return login && !this.#hasEnded(login) ? login : undefined;
  }

  #sweep(): void {
    for (const [name, login] of this.#logins) if (this.#hasEnded(login)) this.#logins.delete(name);
  }

  #hasEnded({ expiresAtMs }: Login): boolean {
    return expiresAtMs <= this.#clock.now();
  }
}

function isSame({ principal: one }: Login, { principal: other }: Login): boolean {
  return one.id === other.id && one.issuer === other.issuer;
}
