import { randomBytes } from 'node:crypto';
import type { BackendKey } from '../codec/backend.ts';

/** Sessions by the gateway's own cancel keys. The target's keys stay here: a client cannot cancel what is not its own. */
export class CancelKeys {
  readonly #sessions = new Map<string, () => void>();

  /**
   * @param minor protocol 3.0 knows keys of 4 bytes only; from 3.2 on they are long enough that nobody guesses one
   * @returns the key for the client, and how to give it back
   */
  register(minor: 0 | 2, cancel: () => void): { readonly key: BackendKey } & Disposable {
    for (;;) {
      const key = { processId: randomBytes(4).readInt32BE(), secret: randomBytes(minor === 0 ? 4 : 32) };
      const name = nameOf(key);
      if (this.#sessions.has(name)) continue;
      this.#sessions.set(name, cancel);
      return { key, [Symbol.dispose]: () => void this.#sessions.delete(name) };
    }
  }

  /** Does what the key's session says; an unknown key does nothing, and the client is told nothing either way. */
  cancel(key: BackendKey): void {
    this.#sessions.get(nameOf(key))?.();
  }
}

function nameOf(key: BackendKey): string {
  return `${key.processId} ${key.secret.toString('hex')}`;
}
