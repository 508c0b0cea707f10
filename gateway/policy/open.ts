import type { NowFacts } from '../contract/command.ts';
import { SallyportError, type ErrorCode } from '../contract/errors.ts';
import type { Policy } from '../contract/ports.ts';
import type { Revision } from '../contract/ids.ts';
import type { VerifiedBundle } from './bundle/verify.ts';
import type { Engine } from './engine/engine.ts';
import { nowFacts } from './engine/now.ts';
import { Refusal } from './engine/refusals.ts';
import { WasmSession, type Surroundings } from './engine/session.ts';
import type { BundleOrigin, OpenPolicy, PolicyEvent, PolicyOptions, PolicyStatus } from './interface.ts';
import type { Labels } from './labels.ts';
import { FileSource } from './sources/files.ts';
import { HttpSource } from './sources/http.ts';
import { keepLastGood, readLastGood } from './sources/last-good.ts';
import type { BundleSource, Found } from './sources/source.ts';
import { readState, writeState, type PolicyState } from './state.ts';
import { tryBundle } from './trial.ts';

export type { OpenPolicy, PolicyEvent, PolicyOptions } from './interface.ts';

const defaultPollMs = 300;
/** For a source that does not answer; then the last good bundle is tried. */
const firstLookMs = 30_000;

/**
 * Loads the bundle at `options.source` and follows it. A bundle goes live whole or not at all: verified, its labels read, compiled,
 * tried with canaries, reported, then swapped in between two commands. Whatever fails on the way is refused loudly, and the
 * last good one stays.
 * @throws SallyportError when the first bundle is refused and there is no last good one: there is no gateway without a policy
 */
export async function openPolicy(options: PolicyOptions): Promise<OpenPolicy> {
  const state = await readState(options.stateFile);
  const source = sourceOf(options);
  const first = await findFirst(options, source, state);
  return new RunningPolicy(options, source, first);
}

function sourceOf({ source, pollMs = defaultPollMs }: PolicyOptions): BundleSource {
  return typeof source === 'string' ? new FileSource(source, pollMs) : new HttpSource(source);
}

/** A bundle in force, and what was made of it. */
interface Active {
  readonly engine: Engine;
  readonly labels: Labels;
  readonly bundle: VerifiedBundle;
  readonly digest: string;
  readonly activatedAtMs: number;
  readonly origin: BundleOrigin;
}

/** What a gateway starts with. */
interface First {
  readonly active: Active;
  readonly refused: PolicyStatus['refused'];
}

class RunningPolicy implements OpenPolicy, Surroundings {
  readonly policy: Policy = { openSession: (frame) => new WasmSession(frame, this) };
  readonly #options: PolicyOptions;
  readonly #source: BundleSource;
  readonly #listeners = new Set<(status: PolicyStatus) => void>();
  readonly #closing = new AbortController();
  readonly #polling: Promise<void>;
  #active: Active;
  #refused: PolicyStatus['refused'];
  #checkedAtMs: number | null;
  #looking: Promise<void> = Promise.resolve();
  #minute: NowFacts;

  constructor(options: PolicyOptions, source: BundleSource, first: First) {
    this.#options = options;
    this.#source = source;
    this.#active = first.active;
    this.#refused = first.refused;
    this.#checkedAtMs = first.refused === null ? first.active.activatedAtMs : null;
    this.#minute = nowFacts(options.clock.now());
    this.#polling = this.#poll();
  }

  revision(): Revision {
    return this.#active.engine.revision;
  }

  columnLabels(target: string): ReadonlyMap<string, readonly string[]> {
    return this.#active.labels.columnsOf(target);
  }

  labelsVersion(): string {
    return this.#active.labels.version;
  }

  onChange(listener: (status: PolicyStatus) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  status(): PolicyStatus {
    const { engine, bundle, digest, activatedAtMs, origin } = this.#active;
    return {
      revision: engine.revision,
      sequence: bundle.manifest.metadata.sequence,
      digest,
      activatedAtMs,
      expiresAtMs: engine.expiresAtMs,
      expired: engine.expiresAtMs <= this.nowMs(),
      origin,
      checkedAtMs: this.#checkedAtMs,
      refused: this.#refused,
    };
  }

  /** One look at a time: a second waits for the first and then looks itself. */
  refresh(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look());
    return this.#looking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#polling;
    await this.#looking;
  }

  engine(): Engine {
    return this.#active.engine;
  }

  nowMs(): number {
    return this.#options.clock.now();
  }

  now(): NowFacts {
    const ms = this.nowMs();
    const age = ms - this.#minute.unix_ms;
    if (age < 0 || age >= 60_000) this.#minute = nowFacts(ms);
    return this.#minute;
  }

  failed(error: unknown): void {
    if (error instanceof Refusal) return; // its decision says what is wrong, and is recorded
    this.#options.onFault?.(error);
  }

  async #poll(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#source.wait(signal);
      if (!signal.aborted) await this.refresh();
    }
  }

  async #look(): Promise<void> {
    let found: Found | undefined;
    try {
      found = await this.#source.look(this.#closing.signal);
      this.#checkedAtMs = this.nowMs();
      if (found === undefined) return;
      if (found.digest !== this.#active.digest) {
        this.#active = await activate(this.#options, found, this.#newest(), 'source');
        this.#announce();
      }
      if (this.#active.origin !== 'source') this.#active = { ...this.#active, origin: 'source' };
      this.#refused = null;
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      // A source that stays away is told of once, not at every try.
      if (found === undefined && reasonOf(error) === this.#refused?.reason) return;
      this.#refused = { ...(await reportRefusal(this.#options, error, found?.digest ?? '')), atMs: this.nowMs() };
    }
  }

  #newest(): PolicyState {
    const { manifest } = this.#active.bundle;
    return { sequence: manifest.metadata.sequence, revision: manifest.revision };
  }

  #announce(): void {
    const status = this.status();
    for (const listener of this.#listeners) {
      try {
        listener(status);
      } catch (error) {
        this.failed(error); // one listener's trouble is not the next one's
      }
    }
  }
}

async function findFirst(options: PolicyOptions, source: BundleSource, state: PolicyState): Promise<First> {
  let found: Found | undefined;
  try {
    found = await source.look(AbortSignal.timeout(firstLookMs));
    if (found === undefined) throw new SallyportError('bundle-invalid', `no bundle at ${source.where}`);
    return { active: await activate(options, found, state, 'source'), refused: null };
  } catch (error) {
    const refused = await reportRefusal(options, error, found?.digest ?? '');
    const active = await lastGood(options, state);
    if (active !== undefined) return { active, refused: { ...refused, atMs: options.clock.now() } };
    throw new SallyportError(refused.code, refused.reason, { cause: error });
  }
}

/** The bundle that was last in force, judged anew: undefined when there is none, or keys, dates or the sequence speak against it by now. */
async function lastGood(options: PolicyOptions, state: PolicyState): Promise<Active | undefined> {
  if (options.lastGoodFile === undefined) return undefined;
  let found: Found | undefined;
  try {
    found = await readLastGood(options.lastGoodFile);
    return await activate(options, found, state, 'last-good');
  } catch (error) {
    // A file that was never written is no news; one that is there and not accepted is.
    if (found !== undefined) await reportRefusal(options, error, found.digest);
    return undefined;
  }
}

/** Everything a bundle has to pass. When this resolves it is reported and may be used. */
async function activate(
  options: PolicyOptions,
  found: Found,
  newest: PolicyState,
  origin: BundleOrigin,
): Promise<Active> {
  const { digest } = found;
  const expected = { keys: options.keys, nowMs: options.clock.now(), minSequence: newest.sequence };
  const { bundle, labels, engine } = await tryBundle(found.archive, expected);
  const { revision, metadata } = bundle.manifest;
  if (metadata.sequence === newest.sequence && newest.revision !== '' && revision !== newest.revision) {
    const twice = `bundles ${newest.revision} and ${revision} have the same sequence ${metadata.sequence}`;
    throw new SallyportError('bundle-rollback', `${twice}: which is newer?`);
  }
  await options.onEvent({
    type: 'bundle.activated',
    revision,
    sequence: metadata.sequence,
    digest,
    keyId: bundle.keyId,
    expiresAtMs: engine.expiresAtMs,
    origin,
  });
  await keep(options, found, origin, metadata.sequence);
  await writeState(options.stateFile, { sequence: metadata.sequence, revision });
  return { engine, labels, bundle, digest, activatedAtMs: options.clock.now(), origin };
}

/** A newer policy is not kept waiting because its copy cannot be kept: that is said, and a later start has an older copy or none. */
async function keep(options: PolicyOptions, { archive }: Found, origin: BundleOrigin, sequence: number): Promise<void> {
  const { lastGoodFile, onFault } = options;
  await options.archive?.keep(archive, sequence).catch((error: unknown) => onFault?.(error));
  if (lastGoodFile === undefined || origin === 'last-good') return;
  await keepLastGood(lastGoodFile, archive).catch((error: unknown) => onFault?.(error));
}

/** Tells of a refusal and answers with its code and reason. */
async function reportRefusal(
  options: PolicyOptions,
  error: unknown,
  digest: string,
): Promise<{ readonly code: ErrorCode; readonly reason: string }> {
  const code = error instanceof SallyportError ? error.code : 'engine-failed';
  const reason = reasonOf(error);
  const event: PolicyEvent = { type: 'bundle.refused', code, reason, digest };
  try {
    await options.onEvent(event);
  } catch (unreported) {
    // Nothing has changed, so nothing happened unrecorded; status() still says it.
    options.onFault?.(unreported);
  }
  return { code, reason };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
