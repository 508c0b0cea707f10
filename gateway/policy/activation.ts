import { SallyportError, type ErrorCode } from '../contract/errors.ts';
import type { Engine } from './engine/engine.ts';
import { digestOf, packed, type Archives, type NamedSource } from './gathering.ts';
import type { ActiveBundle, BundleOrigin, PolicyEvent, PolicyOptions, Refused } from './interface.ts';
import type { Labels } from './labels.ts';
import { keepLastGood, readLastGood } from './sources/last-good.ts';
import { newestOf, writeState, type PolicyState } from './state.ts';
import { tryBundles, type TriedPart } from './trial.ts';

/** Bundles in force, and what was made of them. */
export interface Active {
  readonly engine: Engine;
  readonly labels: Labels;
  /** Of the bundle with the rules. */
  readonly sequence: number;
  /** Of all of them together. */
  readonly digest: string;
  readonly bundles: readonly ActiveBundle[];
  /** What may not be gone back behind any more. */
  readonly newest: PolicyState;
  readonly activatedAtMs: number;
  readonly origin: BundleOrigin;
}

/**
 * Everything that bundles have to pass, together. When this resolves they are reported and may be used.
 * @throws SallyportError
 */
export async function activate(
  options: PolicyOptions,
  sources: readonly NamedSource[],
  archives: Archives,
  state: PolicyState,
  origin: BundleOrigin,
): Promise<Active> {
  const candidates = sources.map(({ name, keys, roots }) => {
    const archive = archives.get(name)?.archive;
    if (archive === undefined) throw new SallyportError('bundle-invalid', `there is no bundle ${name}`);
    return { name, archive, keys, roots, minSequence: newestOf(state, name).sequence };
  });
  const { bundle, parts, labels, engine } = await tryBundles(candidates, options.clock.now());
  const bundles = parts.map((part) => activeBundle(part, archives, state));
  const { sequence } = bundle.manifest.metadata;
  const digest = digestOf(archives);
  const told = tell(options, {
    type: 'bundle.activated',
    revision: engine.revision,
    sequence,
    digest,
    keyId: bundle.keyId,
    expiresAtMs: engine.expiresAtMs,
    origin,
    bundles,
  });
  // All of it goes to the medium at once, which is what an activation waits for, and counts in this order: nothing is kept of what was not
  // told, and the way back is closed only to what is kept.
  const kept = keep(options, archives, origin, Math.max(...bundles.map((part) => part.sequence)), told);
  const newest = new Map([
    ...state,
    ...bundles.map(({ name, revision, sequence: n }) => [name, { sequence: n, revision }] as const),
  ]);
  const [first] = (await Promise.allSettled([told, kept, writeState(options.stateFile, newest, kept)])).filter(
    (each) => each.status === 'rejected',
  );
  if (first) throw first.reason;
  return { engine, labels, sequence, digest, bundles, newest, activatedAtMs: options.clock.now(), origin };
}

/** @throws SallyportError `bundle-rollback` when another bundle of the same sequence was active */
function activeBundle({ name, manifest, keyId }: TriedPart, archives: Archives, state: PolicyState): ActiveBundle {
  const { revision, metadata } = manifest;
  const before = newestOf(state, name);
  if (metadata.sequence === before.sequence && before.revision !== '' && revision !== before.revision) {
    const twice = `bundles ${before.revision} and ${revision} have the same sequence ${metadata.sequence}`;
    throw new SallyportError('bundle-rollback', `${twice}: which is newer?`);
  }
  const { sequence, expires_at: expiresAt } = metadata;
  const digest = archives.get(name)?.digest ?? '';
  return { name, revision, sequence, digest, keyId, expiresAtMs: Date.parse(expiresAt) };
}

/** A newer policy is not kept waiting because its copy cannot be kept: that is said, and a later start has an older copy or none. */
async function keep(
  { archive, lastGoodFile, onFault }: PolicyOptions,
  archives: Archives,
  origin: BundleOrigin,
  sequence: number,
  told: Promise<void>,
): Promise<void> {
  const bodies = new Map([...archives].map(([name, found]) => [name, found.archive]));
  const copies = await Promise.allSettled([
    archive?.keep(packed(archives).archive, sequence, told),
    lastGoodFile === undefined || origin === 'last-good' ? undefined : keepLastGood(lastGoodFile, bodies, told),
  ]);
  await told;
  for (const copy of copies) if (copy.status === 'rejected') onFault?.(copy.reason);
}

/** What it throws at once is thrown as what it rejects with. */
async function tell({ onEvent }: PolicyOptions, event: PolicyEvent): Promise<void> {
  await onEvent(event);
}

/** What was last in force, judged anew: undefined when there is none, or keys, dates or sequences speak against it by now. */
export async function lastGood(
  options: PolicyOptions,
  sources: readonly NamedSource[],
  state: PolicyState,
  refusals: Refusals,
): Promise<Active | undefined> {
  if (options.lastGoodFile === undefined) return undefined;
  let archives: Archives | undefined;
  try {
    archives = await readLastGood(options.lastGoodFile, sources[0]?.name);
    return await activate(options, sources, archives, state, 'last-good');
  } catch (error) {
    // A file that was never written is no news; one that is there and not accepted is.
    if (!isAbsent(error)) await refusals.report(error, archives);
    return undefined;
  }
}

/** Why what lies at the sources is not what runs, and that it was told. */
export class Refusals {
  readonly #options: PolicyOptions;
  /** Of the bundles that were found, and of a source that has none. */
  #bundles: Refused | null = null;
  #source: Refused | null = null;
  #told = '';

  constructor(options: PolicyOptions) {
    this.#options = options;
  }

  /** The newer of the two; null: what is at the sources is what runs. */
  get current(): Refused | null {
    const [a, b] = [this.#bundles, this.#source];
    return a === null || (b !== null && b.atMs > a.atMs) ? b : a;
  }

  /** What was found is what runs. */
  clear(): void {
    this.#bundles = null;
    this.#told = '';
  }

  /** Bundles that were found do not go live. The same said of the same again is no news. */
  async bundles(error: unknown, archives: Archives): Promise<void> {
    const { code, reason } = codeAndReason(error);
    const telling = `${digestOf(archives)} ${reason}`;
    if (this.#told === telling && this.#bundles !== null) return;
    this.#told = telling;
    this.#bundles = { code, reason, atMs: this.#options.clock.now() };
    await this.report(error, archives);
  }

  /** A source has nothing to offer; undefined: all have. One that stays away is told of once. */
  async source(trouble: unknown): Promise<void> {
    if (trouble === undefined) {
      this.#source = null;
      return;
    }
    const { code, reason } = codeAndReason(trouble);
    if (this.#source?.reason === reason) return;
    this.#source = { code, reason, atMs: this.#options.clock.now() };
    await this.report(trouble, undefined);
  }

  async report(error: unknown, archives: Archives | undefined): Promise<void> {
    const { code, reason } = codeAndReason(error);
    const digest = archives === undefined ? '' : digestOf(archives);
    const event: PolicyEvent = { type: 'bundle.refused', code, reason, digest };
    try {
      await this.#options.onEvent(event);
    } catch (unreported) {
      // Nothing has changed, so nothing happened unrecorded; status() still says it.
      this.#options.onFault?.(unreported);
    }
  }

  /** For whoever started something that cannot start. */
  asError(error: unknown): SallyportError {
    const { code, reason } = codeAndReason(error);
    return new SallyportError(code, reason, { cause: error });
  }
}

/** Whether asking again about the same bundles would be answered the same. A log that could not be written may be, later. */
export function isFinal(error: unknown): boolean {
  return error instanceof SallyportError && (error.code.startsWith('bundle-') || error.code === 'engine-failed');
}

function codeAndReason(error: unknown): { readonly code: ErrorCode; readonly reason: string } {
  const reason = error instanceof Error ? error.message : String(error);
  return { code: error instanceof SallyportError ? error.code : 'engine-failed', reason };
}

/** Of a file that could not be read: whether it is not there. */
function isAbsent(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
