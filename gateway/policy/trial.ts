import { verifyBundle, type Expectations, type VerifiedBundle } from './bundle/verify.ts';
import { flyCases } from './engine/canary-cases.ts';
import { flyCanaries } from './engine/canary.ts';
import { Engine } from './engine/engine.ts';
import { parseLabels, type Labels } from './labels.ts';

/** A bundle that could go live, and what was made of it. */
export interface TriedBundle {
  readonly bundle: VerifiedBundle;
  readonly labels: Labels;
  readonly engine: Engine;
  /** Cases of its own that it passed. */
  readonly canaries: number;
}

/**
 * Everything that can be said about a bundle without putting it in force: verified, its labels read, compiled, tried with our canaries
 * and with its own. `sallyport policy verify` and the gateway ask the same questions.
 * @throws SallyportError `bundle-invalid`, `bundle-signature`, `bundle-expired`, `bundle-rollback`, `engine-failed`
 */
export async function tryBundle(archive: Buffer, expected: Expectations): Promise<TriedBundle> {
  const bundle = await verifyBundle(archive, expected);
  return { bundle, ...tryContent(bundle) };
}

/** The same for a bundle that is about to be signed. */
export function tryContent(bundle: VerifiedBundle): Omit<TriedBundle, 'bundle'> {
  const labels = parseLabels(bundle.data);
  const engine = new Engine(bundle);
  flyCanaries(engine);
  return { labels, engine, canaries: flyCases(engine, bundle.data) };
}
