import { SallyportError } from '../contract/errors.ts';
import type { TrustedKey } from './bundle/keys.ts';
import type { DataManifest, Manifest } from './bundle/manifest.ts';
import { mergeBundles, wholeBundle, type NamedData } from './bundle/merge.ts';
import { onlyName } from './bundle/together.ts';
import { verifyBundle, verifyData, type Expectations, type VerifiedBundle } from './bundle/verify.ts';
import { flyCases } from './engine/canary-cases.ts';
import { flyCanaries } from './engine/canary.ts';
import { Engine } from './engine/engine.ts';
import { parseLabels, type Labels } from './labels.ts';

/** Bundles that could go live together, and what was made of them. */
export interface Tried {
  /** One bundle of all. */
  readonly bundle: VerifiedBundle;
  /** Each by itself, in the order in which they came. */
  readonly parts: readonly TriedPart[];
  readonly labels: Labels;
  readonly engine: Engine;
  /** Cases of its own that it passed. */
  readonly canaries: number;
}

export interface TriedPart {
  readonly name: string;
  readonly manifest: Manifest | DataManifest;
  readonly keyId: string;
}

/** One archive of several that are activated together. */
export interface Candidate {
  readonly name: string;
  readonly archive: Buffer;
  /** Whose signatures count for it. */
  readonly keys: readonly TrustedKey[];
  readonly minSequence: number;
  /** What it may bring as data; undefined for the one with the rules. */
  readonly roots: readonly string[] | undefined;
}

/**
 * Everything that can be said about bundles without putting them in force: each verified by itself, put together, labels read, compiled,
 * tried with our canaries and with their own. `sallyport policy verify` and the gateway ask the same questions.
 * @throws SallyportError `bundle-invalid`, `bundle-signature`, `bundle-expired`, `bundle-rollback`, `engine-failed`
 */
export async function tryBundles(candidates: readonly Candidate[], nowMs: number): Promise<Tried> {
  const [rules, ...more] = candidates.filter(({ roots }) => roots === undefined);
  if (rules === undefined || more.length > 0) {
    throw new SallyportError('bundle-invalid', 'exactly one bundle brings the rules');
  }
  if (candidates.length === 1) {
    const bundle = wholeBundle(await verifyBundle(rules.archive, { ...rules, nowMs }));
    return { bundle, parts: [{ name: rules.name, ...bundle }], ...tryContent(bundle) };
  }
  const main = await named(rules, (expected) => verifyBundle(rules.archive, expected), nowMs);
  const data: NamedData[] = [];
  for (const candidate of candidates) {
    const { name, archive, roots } = candidate;
    if (roots === undefined) continue;
    data.push({ name, roots, bundle: await named(candidate, (expected) => verifyData(archive, expected), nowMs) });
  }
  const bundle = mergeBundles(rules.name, main, data);
  const parts = candidates.map(({ name }) => ({
    name,
    ...(name === rules.name ? main : (data.find((d) => d.name === name)?.bundle ?? main)),
  }));
  return { bundle, parts, ...tryContent(bundle) };
}

/** The same for one bundle that stands alone. */
export function tryBundle(archive: Buffer, expected: Expectations): Promise<Tried> {
  const { keys, minSequence, nowMs } = expected;
  return tryBundles([{ name: onlyName, archive, keys, minSequence, roots: undefined }], nowMs);
}

/** The same for a bundle that is about to be signed. */
export function tryContent(bundle: VerifiedBundle): Pick<Tried, 'labels' | 'engine' | 'canaries'> {
  const labels = parseLabels(bundle.data);
  const engine = new Engine(bundle);
  flyCanaries(engine);
  return { labels, engine, canaries: flyCases(engine, bundle.data) };
}

/** Where there are several, it is said which one. */
async function named<T>(
  { name, keys, minSequence }: Candidate,
  verify: (expected: Expectations) => Promise<T>,
  nowMs: number,
): Promise<T> {
  try {
    return await verify({ keys, minSequence, nowMs });
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    throw new SallyportError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}
