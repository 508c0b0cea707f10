import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildBundle, packBundle } from './build/build.ts';
import type { BuildOptions, BundleSources } from './build/interface.ts';
import { originsOf, sourcesDigest } from './build/stage.ts';
import { parseManifest } from './bundle/manifest.ts';
import { readBundle } from './bundle/read.ts';
import { writeWhole } from './sources/files.ts';

/** Names the folder in which the bundles of a run of tests are kept: see `testing/temporary.ts`. Nothing is kept where it is unset. */
export const keptBundles = 'SALLYPORT_KEPT_BUNDLES';

/** What makes an archive another one though its content is the same. */
type Numbers = Pick<BuildOptions, 'key' | 'sequence' | 'builtAtMs' | 'expiresAtMs'>;

/** `buildBundle`, once for each content in a run of tests: it takes seconds, and nearly every rig starts from the same bundle. */
export async function buildOnce(
  env: Readonly<Record<string, string | undefined>>,
  options: Numbers & Pick<BuildOptions, 'sources' | 'out' | 'opa'>,
): Promise<void> {
  const dir = env[keptBundles];
  const kept = dir === undefined ? undefined : join(dir, `${await contentDigest(options.sources)}.tar.gz`);
  if (kept !== undefined && existsSync(kept))
    return writeWhole(options.out, await renumbered(await readFile(kept), options));
  await buildBundle(options);
  if (kept !== undefined) await writeWhole(kept, await readFile(options.out));
}

/** The same content as another bundle. */
export async function renumbered(archive: Buffer, numbers: Numbers): Promise<Buffer> {
  const { manifest, wasm = Buffer.alloc(0), data } = readBundle(archive);
  const { metadata, ...rest } = parseManifest(manifest);
  const life = {
    sequence: numbers.sequence,
    built_at: new Date(numbers.builtAtMs).toISOString(),
    expires_at: new Date(numbers.expiresAtMs).toISOString(),
  };
  return packBundle({ ...rest, metadata: { ...metadata, ...life } }, wasm, data, numbers);
}

/** SHA-256 hex over all that a build reads. */
async function contentDigest({ policies, tests, testData, schemas, capabilities }: BundleSources): Promise<string> {
  const packs = policies.map((folder) => (typeof folder === 'string' ? 'own' : `${folder.name} ${folder.version}`));
  const hash = createHash('sha256').update(JSON.stringify([packs, testData ?? [], await sourcesDigest(policies)]));
  for (const folder of [...tests, ...(testData ?? []), schemas])
    for (const [name, from] of await originsOf([folder], () => true))
      hash.update(`\0${name}\0`).update(await readFile(from));
  return hash
    .update('\0')
    .update(await readFile(capabilities))
    .digest('hex');
}
