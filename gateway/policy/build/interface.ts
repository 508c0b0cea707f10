import type { SigningKey } from '../bundle/keys.ts';
import type { Tried } from '../trial.ts';
import type { PolicyFolder } from './pack.ts';

/** What `buildBundle` in `build.ts` takes. */
export interface BuildOptions {
  readonly sources: BundleSources;
  /** Where the archive goes; replaced in one step. */
  readonly out: string;
  readonly key: SigningKey;
  /** Higher than that of every bundle before it; a gateway goes never back. Milliseconds since the epoch do. */
  readonly sequence: number;
  /** Written into the manifest; given, not read from a clock, so that a build can be repeated. */
  readonly builtAtMs: number;
  /** From then on every decision is a deny. */
  readonly expiresAtMs: number;
  /** A name for this version, e.g. a git commit. A digest of the content unless told. */
  readonly revision?: string;
  /**
   * What the bundle claims beside its rules, for one that is activated together with bundles of data: `labels`, `columns/hr`.
   * Everything unless told: then it stands alone.
   */
  readonly roots?: readonly string[];
  /** Judges the lines of the policy tests on what is about to be signed. @returns how many passed @throws when one did not */
  readonly runLines?: (tried: Pick<Tried, 'engine' | 'labels'>) => Promise<number>;
  /** Path of the OPA binary: see `findOpa`. */
  readonly opa: string;
  readonly signal?: AbortSignal;
  /** Called with each step before it runs. */
  readonly onStep?: (step: BuildStep) => void;
}

export const buildSteps = ['check', 'test', 'test-wasm', 'compile', 'test-lines', 'sign'] as const;
export type BuildStep = (typeof buildSteps)[number];

export interface BundleSources {
  /** Directories of Rego and of `data.yaml`/`data.json`, merged as OPA merges them; packs that come with this version among them. */
  readonly policies: readonly PolicyFolder[];
  /** Directories of `*_test.rego`. A build in which no test ran fails. */
  readonly tests: readonly string[];
  /** Directories of data that other bundles bring: checks, tests and explanations see it, and the bundle does not have it. */
  readonly testData?: readonly string[];
  /** Directory of the input schemas: `policies/schemas`. */
  readonly schemas: string;
  /** What rules may call: `policies/capabilities.json`. */
  readonly capabilities: string;
}

export interface BuiltData {
  readonly out: string;
  readonly revision: string;
  readonly sequence: number;
  /** SHA-256 hex of the archive. */
  readonly digest: string;
  readonly bytes: number;
}

export interface BuiltBundle extends BuiltData {
  /** Unit tests that ran, each on both targets. */
  readonly tests: number;
  /** Lines of policy tests that were judged as they should be. */
  readonly lines: number;
  /** Which `input.` paths each entrypoint's rules read. */
  readonly reads: Readonly<Record<string, readonly string[]>>;
}
