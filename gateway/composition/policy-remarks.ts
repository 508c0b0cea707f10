import type { Config, Remark } from '../config/index.ts';
import { readBundleAddress } from '../config/bundle-address.ts';
import { configuredBundles } from '../config/policy-section.ts';
import { FileSource } from '../policy/sources/files.ts';
import { tryBundles, type Candidate } from '../policy/trial.ts';
import { keysOf } from './policy-source.ts';
import { trustedKeys } from './secrets.ts';

/**
 * What keeps the configured bundles from being taken up: each is read and verified as a gateway does it, the shadow's too. What lies behind an
 * address is not fetched, and then nothing is said of those that go with it.
 */
export async function policyRemarks({ policy }: Config, nowMs: number): Promise<readonly Remark[]> {
  const { shadow } = policy;
  const found = [...(await remarksOn(policy, policy.keys, ['policy'], nowMs))];
  if (shadow) found.push(...(await remarksOn(shadow, shadow.keys ?? policy.keys, ['policy', 'shadow'], nowMs)));
  return found;
}

async function remarksOn(
  section: Parameters<typeof configuredBundles>[0],
  keyFiles: Config['policy']['keys'],
  path: Remark['path'],
  nowMs: number,
): Promise<readonly Remark[]> {
  const bundles = configuredBundles(section);
  const keys = await trustedKeys({ policy: { keys: keyFiles } });
  const remarks: Remark[] = [];
  const candidates: Candidate[] = [];
  for (const [i, bundle] of bundles.entries()) {
    const read = readBundleAddress(bundle.source.bundle);
    if (!read.ok || read.address.kind !== 'file') continue;
    const at = [...path, ...(section.bundle === undefined ? ['bundles', i, 'bundle'] : ['bundle'])];
    try {
      const found = await new FileSource(read.address.path, 0).look();
      if (found)
        candidates.push({ ...bundle, keys: keysOf(keys, bundle.keys), archive: found.archive, minSequence: 0 });
    } catch (error) {
      remarks.push({ path: at, message: `${sentence(error)}; "sallyport policy build" makes one` });
    }
  }
  if (remarks.length > 0 || candidates.length < bundles.length) return remarks;
  try {
    await tryBundles(candidates, nowMs);
    return [];
  } catch (error) {
    return [{ path: [...path, section.bundle === undefined ? 'bundles' : 'bundle'], message: sentence(error) }];
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
