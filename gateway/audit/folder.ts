import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SallyportError } from '../contract/errors.ts';
import { Indexer } from './indexer.ts';
import { Integrator } from './integrator.ts';
import { noteSigner } from './note.ts';

/** Where the log is folded: in a thread of its own, or right here. */
export interface Folder {
  /** Folds all entries before `upTo` into tiles and publishes a checkpoint over them. What fails is tried again by the next call. */
  fold(upTo: number): Promise<Folded>;
  close(): Promise<void>;
}

export interface Folded {
  /** Entries under the checkpoint. */
  readonly size: number;
  /** Why the index could not follow; empty when it could. The log is whole without it. */
  readonly indexFailure: string;
}

export interface FolderOptions {
  readonly dir: string;
  readonly origin: string;
  /** Private Ed25519 key. */
  readonly key: KeyObject;
  /** null: no index is kept. */
  readonly indexPath: string | null;
}

/** What the worker answers to a number. */
export type FoldAnswer = Folded | { readonly failure: string };

/** Folds on the calling thread. */
export function openInlineFolder(options: FolderOptions): Folder {
  const signer = noteSigner(options.origin, options.key);
  let integrator: Integrator | undefined;
  let indexer: Indexer | undefined;
  const index = (size: number): string => {
    if (options.indexPath === null) return '';
    try {
      indexer ??= new Indexer(options.dir, options.indexPath);
      indexer.update(size);
      return '';
    } catch (error) {
      return `the audit index cannot be written: ${textOf(error)}`;
    }
  };
  return {
    async fold(upTo) {
      const folding = integrator ?? new Integrator(options.dir, signer);
      integrator = undefined; // one that failed is spent
      const { size } = folding.fold(upTo);
      integrator = folding;
      return { size, indexFailure: index(size) };
    },
    async close() {
      indexer?.[Symbol.dispose]();
    },
  };
}

/** Folds in a worker thread: 20,000 entries take it some 100 ms, which no session should wait for. */
export function openThreadFolder(options: FolderOptions): Folder {
  let worker: Worker | undefined;
  const start = (): Worker => {
    // Flags of the process are not for the thread: some keep it from starting.
    const started = new Worker(new URL('./worker.ts', import.meta.url), { workerData: options, execArgv: [] });
    started.once('exit', () => {
      if (worker === started) worker = undefined; // the next call starts another
    });
    return started;
  };
  const ask = async (upTo: number): Promise<Folded> => {
    const asked = (worker ??= start());
    asked.ref();
    try {
      const answered = once(asked, 'message'); // rejects when the thread dies
      asked.postMessage(upTo);
      const [answer] = (await answered) as [FoldAnswer]; // worker.ts posts nothing else
      if ('failure' in answer) throw new SallyportError('audit-unwritable', answer.failure);
      return answer;
    } finally {
      asked.unref();
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    fold(upTo) {
      const asked = last.then(() => ask(upTo));
      last = asked.catch(() => undefined); // answers carry no name, so only one question may be out
      return asked;
    },
    async close() {
      await last;
      await worker?.terminate();
    },
  };
}

/** For people, of whatever was thrown. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
