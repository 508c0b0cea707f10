import type { SqlAnalysis } from './lineage/analysis.ts';
import type { LeanCatalog } from './catalog/catalog.ts';

/** From the gateway to a parser thread. */
export type ToThread =
  | { readonly kind: 'catalog'; readonly target: string; readonly catalog: LeanCatalog }
  | {
      readonly kind: 'labels';
      readonly target: string;
      readonly labels: readonly (readonly [column: string, labels: readonly string[]])[];
      readonly version: string;
    }
  | { readonly kind: 'drop'; readonly target: string }
  | { readonly kind: 'batch'; readonly jobs: readonly Job[] };

export interface Job {
  readonly id: number;
  readonly target: string;
  readonly text: string;
  readonly major: number;
  readonly searchPath: readonly string[];
  /** Nobody knows yet whether its facts hold for every text of its shape. */
  readonly askShape: boolean;
}

/** From a parser thread. `answers` is JSON of `Answer[]`: a string crosses threads faster than the objects in it. */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answers'; readonly answers: string }
  /** The thread's module may be broken: it takes no more work and has to go. */
  | { readonly kind: 'broken'; readonly answers: string };

/** @param alike its facts hold for every text of its shape; false also where that was not asked */
export type Answer = readonly [id: number, analysis: SqlAnalysis, alike: boolean];

/** What the shared counter holds while no job is being worked on. */
export const idle = -1;
