import type { AuditEvent } from '../../contract/event.ts';
import { type ArchivedBundle, type BundleArchive, readArchived } from '../../policy/archive/archive.ts';
import { openPast, type PastBundle } from '../../policy/archive/past.ts';
import type { TrustedKey } from '../../policy/bundle/keys.ts';
import { Engine } from '../../policy/engine/engine.ts';
import { Judging } from '../../policy/replay/judging.ts';

export interface PastBundlesOptions {
  readonly archive: BundleArchive;
  /** Bundles that somebody names beside the archive. */
  readonly files: readonly string[];
  readonly keys: readonly TrustedKey[];
  /** `bundle.activated` of the log, oldest first; undefined where there is no log. */
  readonly activations: readonly AuditEvent[] | undefined;
}

/** A bundle that was in force, ready to decide again. */
export interface PastPolicy extends PastBundle {
  readonly judging: Judging;
}
export type FoundPolicy =
  { readonly ok: true; readonly policy: PastPolicy } | { readonly ok: false; readonly why: string };

/** Each engine holds its memory. Decisions come in order of time, so that few are needed at once. */
const maxOpen = 3;

/** The bundles behind decisions of the past, by revision and time. */
export class PastBundles implements Disposable {
  readonly #options: PastBundlesOptions;
  readonly #open = new Map<string, Promise<FoundPolicy>>();
  #named: Promise<readonly ArchivedBundle[]> | undefined;

  constructor(options: PastBundlesOptions) {
    this.#options = options;
  }

  /** The bundle that was in force under this name at that time. */
  async of(revision: string, atMs: number): Promise<FoundPolicy> {
    const { activations } = this.#options;
    if (activations === undefined) return this.#opened(revision, revision, () => this.#byRevision(revision));
    const entry = activations.findLast((one) => one.revision === revision && Date.parse(one.time) <= atMs);
    const digest = entry?.detail['digest'];
    if (typeof digest !== 'string')
      return { ok: false, why: `the log does not say that bundle ${revision} was in force` };
    return this.#opened(digest, revision, () => this.#byDigest(digest), digest);
  }

  [Symbol.dispose](): void {
    for (const opening of this.#open.values()) void opening.then(closed, () => undefined);
    this.#open.clear();
  }

  #opened(
    key: string,
    revision: string,
    find: () => Promise<ArchivedBundle | undefined>,
    logged?: string,
  ): Promise<FoundPolicy> {
    const known = this.#open.get(key);
    if (known) return known;
    const opening = this.#load(revision, find, logged);
    this.#open.set(key, opening);
    const [oldest] = this.#open;
    if (this.#open.size > maxOpen && oldest) {
      this.#open.delete(oldest[0]);
      void oldest[1].then(closed, () => undefined);
    }
    return opening;
  }

  async #load(
    revision: string,
    find: () => Promise<ArchivedBundle | undefined>,
    logged: string | undefined,
  ): Promise<FoundPolicy> {
    const found = await find();
    if (!found) {
      const named = logged === undefined ? '' : ` (SHA-256 ${logged})`;
      return { ok: false, why: `bundle ${revision}${named} is not in the archive; name its file with --bundle` };
    }
    try {
      const past = await openPast(found, this.#options.keys, logged);
      return { ok: true, policy: { ...past, judging: new Judging(new Engine(past.bundle), { expires: true }) } };
    } catch (error) {
      return { ok: false, why: error instanceof Error ? error.message : String(error) };
    }
  }

  async #byDigest(digest: string): Promise<ArchivedBundle | undefined> {
    const named = (await this.#files()).find((one) => one.digest === digest);
    return named ?? this.#options.archive.byDigest(digest);
  }

  async #byRevision(revision: string): Promise<ArchivedBundle | undefined> {
    const named = (await this.#files()).find((one) => one.revision === revision);
    return named ?? (await this.#options.archive.byRevision(revision))[0];
  }

  #files(): Promise<readonly ArchivedBundle[]> {
    this.#named ??= Promise.all(this.#options.files.map(readArchived)).then((all) =>
      all.filter((one) => one !== undefined),
    );
    return this.#named;
  }
}

function closed(found: FoundPolicy): void {
  if (found.ok) found.policy.judging[Symbol.dispose]();
}
