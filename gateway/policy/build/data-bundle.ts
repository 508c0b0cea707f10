import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SallyportError } from '../../contract/errors.ts';
import type { DataManifest } from '../bundle/manifest.ts';
import { bundleLimits, gunzipCapped } from '../bundle/read.ts';
import { readTar } from '../bundle/tar.ts';
import { verifyData } from '../bundle/verify.ts';
import { trustedHalf } from '../bundle/keys.ts';
import type { BuildOptions, BuiltData } from './interface.ts';
import { runOpa } from './opa.ts';
import { packSigned, writeBundle } from './signed.ts';
import { isDataFile, stageSources } from './stage.ts';

export interface DataBuildOptions extends Omit<BuildOptions, 'sources' | 'onStep' | 'roots'> {
  /** Directories of `data.yaml` and `data.json`, merged as OPA merges them. */
  readonly data: readonly string[];
  /** What the bundle claims: places in the data that no other bundle may touch. */
  readonly roots: readonly string[];
}

/**
 * A signed bundle of data alone, to be activated beside one with rules.
 * @throws SallyportError `opa-failed` with what OPA said, such as data outside the roots
 */
export async function buildData(options: DataBuildOptions): Promise<BuiltData> {
  const work = await mkdtemp(join(tmpdir(), 'sallyport-build-'));
  try {
    const staged = join(work, 'data');
    await mkdir(staged);
    await stageSources(options.data, staged, isDataFile);
    await writeFile(join(staged, '.manifest'), JSON.stringify({ roots: options.roots }));
    const out = join(work, 'compiled.tar.gz');
    await runOpa(options.opa, ['build', '-b', '-o', out, 'data'], { cwd: work, signal: options.signal });
    const files = readTar(gunzipCapped(await readFile(out), bundleLimits.maxContentBytes), bundleLimits.maxFiles);
    const data = files.get('data.json');
    if (data === undefined) throw new SallyportError('opa-failed', 'opa build wrote no data.json');
    return await packData(data, options);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function packData(data: Buffer, options: DataBuildOptions): Promise<BuiltData> {
  const { roots, sequence, builtAtMs, expiresAtMs, key, out } = options;
  const manifest: DataManifest = {
    revision: options.revision ?? createHash('sha256').update(data).digest('hex').slice(0, 12),
    roots: [...roots],
    rego_version: 1,
    metadata: {
      format: 1,
      sequence,
      built_at: new Date(builtAtMs).toISOString(),
      expires_at: new Date(expiresAtMs).toISOString(),
    },
  };
  const files = new Map([
    ['data.json', data],
    ['.manifest', Buffer.from(JSON.stringify(manifest))],
  ]);
  const archive = await packSigned(files, key);
  // What would not go live is not published.
  await verifyData(archive, { keys: [trustedHalf(key)], nowMs: builtAtMs, minSequence: 0 });
  await writeBundle(out, archive);
  const digest = createHash('sha256').update(archive).digest('hex');
  return { out, revision: manifest.revision, sequence, digest, bytes: archive.length };
}
