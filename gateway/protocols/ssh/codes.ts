import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../contract/ports.ts';
import type { Login } from '../../contract/principal.ts';

/** Crockford's base 32: nothing in it is taken for something else when it is read aloud. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 130 bits: nobody tries them all, however many attempts they have. */
const codeLength = 26;
const groupLength = 5;
const lifetimeMs = 5 * 60_000;
const mostOfOnePrincipal = 10;

interface Issued {
  /** SHA-256 of the code: what is in memory is of no use to whoever reads it. */
  readonly digest: Buffer;
  readonly target: string;
  readonly login: Login;
  readonly expiresAtMs: number;
}

/**
 * One-time codes: passwords for clients that can do nothing else, each for one login to one target within minutes. In memory alone.
 * A code that is tried is used up, whatever comes of it.
 */
export class SshCodes {
  readonly #issued = new Map<string, Issued>();
  readonly #clock: Clock;
  readonly #most: number;

  /** @param most that are neither used nor over */
  constructor(clock: Clock, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** @returns a sentence when there are too many */
  issue(target: string, login: Login): { readonly code: string; readonly expiresAtMs: number } | string {
    const nowMs = this.#clock.now();
    for (const [key, { expiresAtMs }] of this.#issued) if (expiresAtMs <= nowMs) this.#issued.delete(key);
    const { id, issuer } = login.principal;
    const theirs = [...this.#issued.values()].filter(
      ({ login: { principal } }) => principal.id === id && principal.issuer === issuer,
    );
    if (theirs.length >= mostOfOnePrincipal || this.#issued.size >= this.#most)
      return 'there are too many codes that nobody has used: try again in some minutes';
    // 256 is a multiple of 32: each letter is as likely as any other.
    const letters = [...randomBytes(codeLength)].map((byte) => alphabet[byte % alphabet.length]).join('');
    const digest = digestOf(letters);
    const expiresAtMs = Math.min(nowMs + lifetimeMs, login.expiresAtMs);
    this.#issued.set(digest.toString('hex'), { digest, target, login, expiresAtMs });
    const groups = letters.match(new RegExp(`.{1,${String(groupLength)}}`, 'g')) ?? [];
    return { code: groups.join('-'), expiresAtMs };
  }

  /** @param given as somebody typed it @returns a sentence when it opens nothing */
  redeem(given: string, target: string): Login | string {
    const letters = given.toUpperCase().replace(/[\s-]/g, '');
    const unknown = 'a one-time code that is unknown, used or over';
    if (letters.length !== codeLength) return unknown;
    const digest = digestOf(letters);
    const key = digest.toString('hex');
    const issued = this.#issued.get(key);
    if (!issued || !timingSafeEqual(issued.digest, digest)) return unknown;
    this.#issued.delete(key);
    if (issued.expiresAtMs <= this.#clock.now()) return unknown;
    return issued.target === target ? issued.login : 'a one-time code for another target';
  }

  /** Those of a principal, who has logged out. @param issuer any, unless given */
  forget(id: string, issuer?: string): void {
    for (const [key, { login }] of this.#issued)
      if (login.principal.id === id && (issuer ?? login.principal.issuer) === login.principal.issuer)
        this.#issued.delete(key);
  }
}

function digestOf(letters: string): Buffer {
  return createHash('sha256').update(letters).digest();
}
