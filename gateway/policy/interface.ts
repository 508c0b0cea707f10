import type { Clock, Policy } from '../contract/ports.ts';
import type { ErrorCode } from '../contract/errors.ts';
import type { Revision } from '../contract/ids.ts';
import type { Wait } from '../contract/wait.ts';
import type { TrustedKey } from './bundle/keys.ts';
import type { HttpSourceOptions } from './sources/http.ts';

/** How the policy room is opened: see `openPolicy` in `open.ts`. */
export interface PolicyOptions {
  /** A bundle archive, a directory that holds one as `bundle.tar.gz` (looked at again every `pollMs`), or a server. */
  readonly source: string | HttpSourceOptions;
  /** Whose signatures count. */
  readonly keys: readonly TrustedKey[];
  readonly clock: Clock;
  /**
   * Told before a bundle takes effect, and whenever one is refused. What it returns is awaited;
   * when it fails, the bundle does not take effect: nothing changes unrecorded.
   */
  readonly onEvent: (event: PolicyEvent) => Wait;
  /** Told what decisions only hint at: an engine that failed, a listener that threw. For the log. */
  readonly onFault?: (error: unknown) => void;
  /** Remembers the highest sequence ever active, so that a restart opens no way back to an older bundle. */
  readonly stateFile?: string;
  /** Keeps the bundle that was last in force, for a start at which the source has none. It is verified like any other. */
  readonly lastGoodFile?: string;
  /** Keeps every bundle that goes live, so that its decisions can be made again. */
  readonly archive?: { keep(archive: Buffer, sequence: number): Promise<void> };
  /** Milliseconds between two looks at a file. 300 unless told. */
  readonly pollMs?: number;
}

/** The running policy. Close it with `await using`. */
export interface OpenPolicy extends AsyncDisposable {
  readonly policy: Policy;
  /** Revision of the active bundle. */
  revision(): Revision;
  /**
   * Labelled columns of one target, `schema.relation.column` to labels; empty for a target that no data names.
   * The same map until the labels change.
   */
  columnLabels(target: string): ReadonlyMap<string, readonly string[]>;
  /** Changes exactly when labels or columns change: part of the key of whatever was computed from them. */
  labelsVersion(): string;
  /** Called after a new bundle took effect. Dispose of the result to stop. */
  onChange(listener: (status: PolicyStatus) => void): Disposable;
  status(): PolicyStatus;
  /** Looks at the source now, without waiting for the next poll. Resolves when what was found is active or refused. */
  refresh(): Promise<void>;
}

export type BundleOrigin = 'source' | 'last-good';

export interface PolicyStatus {
  readonly revision: Revision;
  readonly sequence: number;
  /** SHA-256 hex of the archive. */
  readonly digest: string;
  readonly activatedAtMs: number;
  readonly expiresAtMs: number;
  /** Past `expiresAtMs` every decision is a deny. */
  readonly expired: boolean;
  /** Whether it came from the source, or from the last good one on disk because the source had none. */
  readonly origin: BundleOrigin;
  /** When the source was last seen to answer; null when it has not since the start. */
  readonly checkedAtMs: number | null;
  /** Why the newest thing found at the source is not what runs; null when it is. */
  readonly refused: { readonly code: ErrorCode; readonly reason: string; readonly atMs: number } | null;
}

export type PolicyEvent =
  | {
      readonly type: 'bundle.activated';
      readonly revision: string;
      readonly sequence: number;
      readonly digest: string;
      readonly keyId: string;
      readonly expiresAtMs: number;
      readonly origin: BundleOrigin;
    }
  | { readonly type: 'bundle.refused'; readonly code: ErrorCode; readonly reason: string; readonly digest: string };
