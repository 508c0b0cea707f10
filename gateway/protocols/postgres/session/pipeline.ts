import { SallyportError } from '../../../contract/errors.ts';
import type { PgExchange } from '../exchange.ts';
import type { Frame } from '../codec/frames.ts';
import type { Change, Portal, Prepared } from '../names.ts';

/** What the upstream still owes an answer to, in the order in which it was sent. */
export type Expected =
  /** `quiet`: the client did not send this message, and does not hear that it worked. */
  | { readonly kind: 'parse'; readonly changes: readonly [Change<Prepared>]; readonly quiet: boolean }
  | { readonly kind: 'bind'; readonly changes: readonly [Change<Portal>]; readonly quiet: boolean }
  /** `own`: asked by the gateway for itself; the client does not see the answer. */
  | {
      readonly kind: 'describe';
      readonly of: 'statement' | 'portal';
      readonly prepared: Prepared | undefined;
      readonly own: boolean;
      /** The client hears of columns, and not that there are none. */
      readonly quiet: boolean;
    }
  | { readonly kind: 'execute'; readonly run: PgExchange }
  /** Execute of an empty statement. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'close'; readonly changes: readonly [Change<Prepared> | Change<Portal>]; readonly quiet: boolean }
  | {
      readonly kind: 'query';
      readonly run: PgExchange;
      readonly changes: readonly [Change<Prepared>, Change<Portal>];
    }
  /** A Parse that must fail, sent in place of what was denied; its error becomes `error`. */
  | { readonly kind: 'poison'; readonly error: Buffer }
  /** `own`: the client did not send this Sync and does not see its ReadyForQuery. */
  | { readonly kind: 'sync'; readonly own: boolean }
  /** A query of the gateway's own, by Parse to Close: `done` gets its rows, or undefined when it failed. */
  | {
      readonly kind: 'own';
      readonly rows: (string | null)[][];
      /** It ended with a Sync of its own; else with its last Close. */
      readonly synced: boolean;
      /** CloseComplete still to come. */
      closes: number;
      failed: boolean;
      readonly done: (rows: (string | null)[][] | undefined) => void;
    };

/** First in, first out, without moving elements on every take. */
export class Pipeline {
  #items: Expected[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  get current(): Expected | undefined {
    return this.#items[this.#head];
  }

  push(item: Expected): void {
    this.#items.push(item);
  }

  take(): Expected | undefined {
    const item = this.#items[this.#head];
    if (!item) return undefined;
    this.#head++;
    if (this.#head === this.#items.length || this.#head > 256) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /**
   * The server failed the current item and skips everything up to the next Sync.
   * @returns what it skips, in order; the Sync stays
   */
  dropToSync(): readonly Expected[] {
    const rest = this.#items.slice(this.#head);
    const at = rest.findIndex((item) => item.kind === 'sync');
    const dropped = at < 0 ? rest : rest.slice(0, at);
    this.#items = at < 0 ? [] : rest.slice(at);
    this.#head = 0;
    return dropped;
  }

  /** During COPY FROM STDIN the server ignores Syncs that were sent along: they get no answer. */
  dropLeadingSyncs(): void {
    const current = this.take();
    while (this.current?.kind === 'sync') this.take();
    if (current) {
      this.#items = [current, ...this.#items.slice(this.#head)];
      this.#head = 0;
    }
  }
}

/** @throws SallyportError `protocol-violation` when the frame is not the awaited answer */
export function need(frame: Frame, tag: number, expected: Expected): void {
  if (frame.tag !== tag) throw unexpected(frame, expected.kind);
}

export function unexpected(frame: Frame, awaited: string): SallyportError {
  const tag = String.fromCharCode(frame.tag);
  return new SallyportError('protocol-violation', `the target sent "${tag}" where ${awaited} was awaited`);
}
