import type { NowFacts } from '../contract/command.ts';
import type { Policy } from '../contract/ports.ts';
import type { Revision } from '../contract/ids.ts';
import { activate, type Active, isFinal, lastGood, Refusals } from './activation.ts';
import type { Engine } from './engine/engine.ts';
import { nowFacts } from './engine/now.ts';
import { Refusal } from './engine/refusals.ts';
import { WasmSession, type Surroundings } from './engine/session.ts';
import { onlyName } from './bundle/together.ts';
import { type Archives, digestOf, Gathering, type NamedSource } from './gathering.ts';
import type { OpenPolicy, PolicyOptions, PolicyStatus } from './interface.ts';
import { FileSource } from './sources/files.ts';
import { readState } from './state.ts';

export type { OpenPolicy, PolicyEvent, PolicyOptions } from './interface.ts';

const defaultPollMs = 300;
/** For sources that do not answer; then the last good bundles are tried. */
const firstLookMs = 30_000;

/**
 * Loads the bundles at `options.source` and follows them. They go live whole and together or not at all: verified, put together, labels read,
 * compiled, tried with canaries, reported, then swapped in between two commands. Whatever fails on the way is refused loudly, and what
 * was last good stays, all of it.
 * @throws SallyportError when the first bundles are refused and there are no last good ones: there is no gateway without a policy
 */
export async function openPolicy(options: PolicyOptions): Promise<OpenPolicy> {
  const state = await readState(options.stateFile);
  const gathering = new Gathering(sourcesOf(options));
  const refusals = new Refusals(options);
  await gathering.look(gathering.sources, () => options.clock.now(), AbortSignal.timeout(firstLookMs));
  const archives = gathering.archives();
  let why: unknown = gathering.trouble();
  if (archives === undefined) await refusals.source(why);
  else {
    try {
      const active = await activate(options, gathering.sources, archives, state, 'source');
      return new RunningPolicy(options, gathering, active, refusals);
    } catch (error) {
      await refusals.bundles(error, archives);
      why = error;
    }
  }
  const active = await lastGood(options, gathering.sources, state, refusals);
  if (active === undefined) throw refusals.asError(why);
  return new RunningPolicy(options, gathering, active, refusals);
}

function sourcesOf({ source, keys, pollMs = defaultPollMs }: PolicyOptions): readonly NamedSource[] {
  if (typeof source === 'string') return [{ name: onlyName, source: new FileSource(source, pollMs), keys }];
  return 'look' in source ? [{ name: onlyName, source, keys }] : source;
}

class RunningPolicy implements OpenPolicy, Surroundings {
  readonly policy: Policy = { openSession: (frame) => new WasmSession(frame, this) };
  readonly #options: PolicyOptions;
  readonly #gathering: Gathering;
  readonly #refusals: Refusals;
  readonly #listeners = new Set<(status: PolicyStatus) => void>();
  readonly #closing = new AbortController();
  readonly #polling: readonly Promise<void>[];
  #active: Active;
  /** Digest of what was refused for good: the same again is no news. */
  #judged = '';
  #looking: Promise<void> = Promise.resolve();
  #minute: NowFacts;

  constructor(options: PolicyOptions, gathering: Gathering, active: Active, refusals: Refusals) {
    this.#options = options;
    this.#gathering = gathering;
    this.#active = active;
    this.#refusals = refusals;
    this.#minute = nowFacts(options.clock.now());
    this.#polling = gathering.sources.map((source) => this.#poll(source));
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
    const { engine, sequence, digest, activatedAtMs, origin, bundles } = this.#active;
    const sources = this.#gathering.sources;
    const checked = sources.map(({ name }) => this.#gathering.checkedAtMs(name));
    return {
      revision: engine.revision,
      sequence,
      digest,
      activatedAtMs,
      expiresAtMs: engine.expiresAtMs,
      expired: engine.expiresAtMs <= this.nowMs(),
      origin,
      checkedAtMs: checked.reduce((a, b) => (a === null || b === null ? null : Math.min(a, b)), Infinity),
      bundles: bundles.map((bundle) => ({
        ...bundle,
        where: sources.find(({ name }) => name === bundle.name)?.source.where ?? '',
        checkedAtMs: this.#gathering.checkedAtMs(bundle.name),
      })),
      refused: this.#refusals.current,
    };
  }

  /** One look at a time: a second waits for the first and then looks itself. */
  refresh(): Promise<void> {
    return this.#lookAt(this.#gathering.sources);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#polling);
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

  async #poll(source: NamedSource): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await source.source.wait(signal);
      if (!signal.aborted) await this.#lookAt([source]);
    }
  }

  #lookAt(sources: readonly NamedSource[]): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look(sources));
    return this.#looking;
  }

  async #look(sources: readonly NamedSource[]): Promise<void> {
    const { signal } = this.#closing;
    await this.#gathering.look(sources, () => this.nowMs(), signal);
    if (signal.aborted) return;
    // The others go on without a source that is away: what it had last is still what it has.
    await this.#refusals.source(this.#gathering.trouble());
    const archives = this.#gathering.archives();
    if (archives === undefined) return;
    const digest = digestOf(archives);
    if (digest === this.#active.digest) {
      if (this.#active.origin !== 'source') this.#active = { ...this.#active, origin: 'source' };
      this.#judged = digest;
      this.#refusals.clear();
    } else if (digest !== this.#judged) await this.#judge(archives, digest);
  }

  async #judge(archives: Archives, digest: string): Promise<void> {
    try {
      const { newest } = this.#active;
      this.#active = await activate(this.#options, this.#gathering.sources, archives, newest, 'source');
      this.#judged = digest;
      this.#refusals.clear();
      this.#announce();
    } catch (error) {
      if (isFinal(error)) this.#judged = digest;
      await this.#refusals.bundles(error, archives);
    }
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
