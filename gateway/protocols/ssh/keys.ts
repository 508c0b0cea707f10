import type { Clock } from '../../contract/ports.ts';
import type { Login } from '../../contract/principal.ts';
import { newSerial } from './authority.ts';
import type { Certificate } from './certificate.ts';
import { fingerprint, parsePublicKey, type PublicKey } from './public-key.ts';

/** How often all keys are looked at for those that have ended. */
const sweepEvery = 256;

/** A key that was just registered, and what a certificate over it has to say. */
export interface NewKey {
  readonly key: PublicKey;
  readonly fingerprint: string;
  readonly serial: bigint;
}

interface Registered {
  readonly login: Login;
  /** Of the only certificate over this key that is taken. */
  readonly serial: bigint;
}

/**
 * Keys that stand for a login until that ends: `sallyport ssh login` registers one with a token. In memory alone: after a restart
 * everybody logs in again, and no file says who may. A certificate does not get round it: what is forgotten here logs nobody in.
 */
export class SshKeys {
  readonly #logins = new Map<string, Registered>();
  readonly #clock: Clock;
  readonly #most: number;
  #registered = 0;

  /** @param most that have not ended */
  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** @returns a sentence when it is not taken */
  register(line: string, login: Login): NewKey | string {
    const key = parsePublicKey(line);
    if (typeof key === 'string') return key;
    if (++this.#registered % sweepEvery === 0 || this.#logins.size >= this.#most) this.#sweep();
    const name = fingerprint(key.blob);
    const holder = this.#logins.get(name)?.login;
    // Public keys are public: whoever could take one over would have what its holder does recorded as their own.
    if (holder && !this.#hasEnded(holder) && !isSame(holder, login)) return 'this key is registered for somebody else';
    if (this.#logins.size >= this.#most && !this.#logins.has(name))
      return 'there are too many registered keys: try again later';
    const serial = newSerial();
    this.#logins.set(name, { login, serial });
    return { key, fingerprint: name, serial };
  }

  /** @param blob the key's wire form */
  find(blob: Buffer): Login | undefined {
    return this.#find(blob)?.login;
  }

  /** Whose certificate this is, if it is the one that was made when its key was registered. @param certificate that was verified */
  findCertified({ key, serial, id, principals }: Certificate): Login | undefined {
    const found = this.#find(key.blob);
    if (found?.serial !== serial) return undefined;
    const { principal } = found.login;
    return principal.id === id && principals.includes(id) ? found.login : undefined;
  }

  /** Lets the keys of a principal log nobody in any more. @param issuer any, unless given @returns how many there were */
  forget(id: string, issuer?: string): number {
    const isTheirs = ({ principal }: Login) => principal.id === id && (issuer ?? principal.issuer) === principal.issuer;
    const found = [...this.#logins].filter(([, { login }]) => isTheirs(login));
    for (const [name] of found) this.#logins.delete(name);
    return found.filter(([, { login }]) => !this.#hasEnded(login)).length;
  }

  #find(blob: Buffer): Registered | undefined {
    const name = fingerprint(blob);
    const found = this.#logins.get(name);
    if (!found || !this.#hasEnded(found.login)) return found;
    this.#logins.delete(name);
    return undefined;
  }

  #sweep(): void {
    for (const [name, { login }] of this.#logins) if (this.#hasEnded(login)) this.#logins.delete(name);
  }

  #hasEnded({ expiresAtMs }: Login): boolean {
    return expiresAtMs <= this.#clock.now();
  }
}

function isSame({ principal: one }: Login, { principal: other }: Login): boolean {
  return one.id === other.id && one.issuer === other.issuer;
}
