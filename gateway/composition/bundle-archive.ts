import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import { BundleArchive } from '../policy/archive/archive.ts';

/** Where the bundles that were in force are kept: the gateway writes it, and whoever looks back reads it. */
export function bundleArchive({ policy, state_dir }: Config): BundleArchive {
  const { dir = join(state_dir, 'bundles'), max_bundles: maxBundles, max_bytes: maxBytes } = policy.archive;
  return new BundleArchive(dir, { maxBundles, maxBytes });
}
