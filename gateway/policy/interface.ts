import type { Clock, Policy } from '../contract/ports.ts';
import type { ErrorCode } from '../contract/errors.ts';
import type { Revision } from '../contract/ids.ts';
import type { Wait } from '../contract/wait.ts';
import type { TrustedKey } from './bundle/keys.ts';
import type { NamedSource } from './gathering.ts';
import type { BundleSource } from './sources/source.ts';

/** How the policy room is opened: see `openPolicy` in `open.ts`. */
export interface PolicyOptions {
  /**
   * A bundle archive, a directory that holds one as `bundle.tar.gz` (looked at again every `pollMs`), or another source; or several,
   * whose bundles are activated together or not at all.
   */
  readonly source: string | BundleSource | readonly NamedSource[];
  /** Whose signatures count where there is one source; several have keys of their own. */
  readonly keys: readonly TrustedKey[];
  readonly clock: Clock;
  /**
   * Told before a bundle takes effect, and whenever one is refused. What it returns is awaited;
   * when it fails, the bundle does not take effect: nothing changes unrecorded.
   */
  readonly onEvent: (event: PolicyEvent) => Wait;
  /** Told what decisions only hint at: an engine that failed, a listener that threw. For the log. */
  readonly onFault?: (error: unknown) => void;
  /** Remembers the highest sequence of each bundle that was ever active, so that a restart opens no way back to an older bundle. */
  readonly stateFile?: string;
  /** Keeps the bundles that were last in force, for a start at which a source has none. They are verified like any others. */
  readonly lastGoodFile?: string;
  /** Keeps every bundle that goes live, so that its decisions can be made again; one for which `after` rejects does not. */
  readonly archive?: { keep(archive: Buffer, sequence: number, after: Promise<void>): Promise<void> };
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
  /** Looks at all sources now, without waiting for the next poll. Resolves when what was found is active or refused. */
  refresh(): Promise<void>;
}

export type BundleOrigin = 'source' | 'last-good';

/** One of the bundles in force. */
export interface ActiveBundle {
  /** As the configuration calls it; `policy` for one that stands alone. */
  readonly name: string;
  readonly revision: string;
  readonly sequence: number;
  /** SHA-256 hex of the archive. */
  readonly digest: string;
  readonly keyId: string;
  readonly expiresAtMs: number;
}

export interface PolicyStatus {
  /** Of the bundle with the rules; where there are others, theirs follow: `v7+columns:v3`. */
  readonly revision: Revision;
  /** Of the bundle with the rules. */
  readonly sequence: number;
  /** SHA-256 hex of the archive; of several, over all of theirs. */
  readonly digest: string;
  readonly activatedAtMs: number;
  /** The earliest of all bundles. */
  readonly expiresAtMs: number;
  /** Past `expiresAtMs` every decision is a deny. */
  readonly expired: boolean;
  /** Whether it came from the source, or from the last good one on disk because the source had none. */
  readonly origin: BundleOrigin;
  /** When all sources had last been seen to answer; null when one has not since the start. */
  readonly checkedAtMs: number | null;
  readonly bundles: readonly (ActiveBundle & { readonly where: string; readonly checkedAtMs: number | null })[];
  /** Why the newest thing found at the source is not what runs; null when it is. */
  readonly refused: Refused | null;
}

export interface Refused {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly atMs: number;
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
      readonly bundles: readonly ActiveBundle[];
    }
  | { readonly type: 'bundle.refused'; readonly code: ErrorCode; readonly reason: string; readonly digest: string };
