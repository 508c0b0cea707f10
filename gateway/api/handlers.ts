import type { z } from 'zod';
import type { Call } from './judge.ts';
import type { Problem } from './problem.ts';
import type { Route, routes } from './routes.ts';

/** What a route gets: a proven caller, and what they sent, checked against the table. */
export interface Asked<R extends Route> {
  readonly call: Call;
  /** The `:id` of the path; empty where the path has none. */
  readonly id: string;
  readonly query: Parsed<R, 'query'>;
  readonly body: Parsed<R, 'body'>;
}
type Parsed<R extends Route, K extends 'query' | 'body'> = R extends { readonly [k in K]: z.ZodType }
  ? z.output<R[K]>
  : undefined;

/** What a route answers: JSON, a stream of NDJSON, or a problem. */
export type Answer =
  | { readonly ok: true; readonly json: unknown }
  | { readonly ok: true; readonly ndjson: AsyncIterable<Uint8Array> }
  | Problem;

/** Routes that policy is asked about. */
export type GuardedRoute = Exclude<keyof typeof routes, 'healthz' | 'readyz' | 'metrics'>;
export type Handlers = { readonly [N in GuardedRoute]: (asked: Asked<(typeof routes)[N]>) => Promise<Answer> };
