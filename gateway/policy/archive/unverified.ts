import { parseManifest } from '../bundle/manifest.ts';
import { readBundle } from '../bundle/read.ts';
import type { VerifiedBundle } from '../bundle/verify.ts';

/**
 * A bundle that nobody has to trust: one that something else than its signature vouches for, or that is tried and never enforced.
 * @throws SallyportError `bundle-invalid`
 */
export function unverifiedBundle(archive: Buffer): VerifiedBundle {
  const { manifest, wasm, data } = readBundle(archive);
  return { manifest: parseManifest(manifest), wasm, data, keyId: '' };
}
