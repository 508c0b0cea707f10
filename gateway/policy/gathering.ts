import { SallyportError } from '../contract/errors.ts';
import type { TrustedKey } from './bundle/keys.ts';
import { packTogether } from './bundle/together.ts';
import { foundArchive, type BundleSource, type Found } from './sources/source.ts';

/** One of the bundles that are activated together. */
export interface NamedSource {
  readonly name: string;
  readonly source: BundleSource;
  /** What it may bring as data; undefined for the one with the rules. */
  readonly roots?: readonly string[] | undefined;
  /** Whose signatures count for it. */
  readonly keys: readonly TrustedKey[];
}

/** Archives by their bundle's name, one of each. */
export type Archives = ReadonlyMap<string, Found>;

/** What lies at all sources together: of each the newest that was seen, also while its source does not answer. */
export class Gathering {
  readonly sources: readonly NamedSource[];
  readonly #newest = new Map<string, Found>();
  readonly #checkedAtMs = new Map<string, number>();
  readonly #troubles = new Map<string, unknown>();

  constructor(sources: readonly NamedSource[]) {
    this.sources = sources;
  }

  /** Looks at these at once, and notes what is new and what went wrong. Never rejects. */
  async look(which: readonly NamedSource[], nowMs: () => number, signal: AbortSignal): Promise<void> {
    await Promise.all(
      which.map(async ({ name, source }) => {
        try {
          const found = await source.look(signal);
          this.#checkedAtMs.set(name, nowMs());
          if (found === undefined) return; // nothing changed, trouble included
          this.#troubles.delete(name);
          this.#newest.set(name, found);
        } catch (error) {
          this.#troubles.set(name, error);
        }
      }),
    );
  }

  /** Undefined while there are sources that never had anything. */
  archives(): Archives | undefined {
    return this.sources.every(({ name }) => this.#newest.has(name)) ? this.#newest : undefined;
  }

  /** Why there is nothing new at some sources; undefined when there is no such reason. A source with nothing is in trouble too. */
  trouble(): SallyportError | undefined {
    const reasons = this.sources.flatMap(({ name, source }) => {
      const trouble = this.#troubles.get(name);
      if (trouble !== undefined) return [trouble instanceof Error ? trouble.message : 'unknown'];
      return this.#newest.has(name) ? [] : [`no bundle at ${source.where}`];
    });
    return reasons.length === 0 ? undefined : new SallyportError('bundle-invalid', reasons.join('; '));
  }

  /** When the source was last seen to answer; null when it has not. */
  checkedAtMs(name: string): number | null {
    return this.#checkedAtMs.get(name) ?? null;
  }
}

/** All of them as one. */
export function packed(archives: Archives): Found {
  return foundArchive(packTogether(new Map([...archives].map(([name, { archive }]) => [name, archive]))));
}

/** SHA-256 hex: of the archive where there is one, else of all of them packed together. */
export function digestOf(archives: Archives): string {
  return packed(archives).digest;
}
