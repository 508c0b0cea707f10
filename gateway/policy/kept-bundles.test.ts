import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findOpa } from './build/opa.ts';
import { generateSigningKey } from './bundle/keys.ts';
import { verifyBundle } from './bundle/verify.ts';
import { defaultSources, someTimeMs, temporaryFolder } from './fixtures.ts';
import { buildOnce, keptBundles } from './kept-bundles.ts';

test('a content is built once; each bundle of it has its own signature and numbers, and another content is another bundle', async () => {
  await using folder = await temporaryFolder();
  const kept = join(folder.path, 'kept');
  await mkdir(kept);
  const opa = await findOpa(process.env);
  const build = async (sequence: number, sources = defaultSources) => {
    const { signing, trusted } = generateSigningKey('own');
    const out = join(folder.path, `${sequence}.tar.gz`);
    const builtAtMs = someTimeMs + sequence * 1_000;
    await buildOnce(
      { [keptBundles]: kept },
      { sources, out, opa, key: signing, sequence, builtAtMs, expiresAtMs: builtAtMs + 60_000 },
    );
    return verifyBundle(await readFile(out), { keys: [trusted], nowMs: builtAtMs, minSequence: sequence });
  };
  const first = await build(1);
  const again = await build(2);
  expect(await readdir(kept)).toHaveLength(1);
  expect(again.manifest.revision).toBe(first.manifest.revision);
  expect(again.manifest.metadata).toEqual({
    ...first.manifest.metadata,
    sequence: 2,
    built_at: '2026-01-05T12:34:58.000Z',
    expires_at: '2026-01-05T12:35:58.000Z',
  });

  const own = join(folder.path, 'own');
  await mkdir(own);
  await writeFile(
    join(own, 'own.rego'),
    'package rules.postgres\n\ndeny contains {"id": "T-1", "msg": "no"} if input.command.action == "lock"\n',
  );
  const other = await build(3, { ...defaultSources, policies: [...defaultSources.policies, own] });
  expect(await readdir(kept)).toHaveLength(2);
  expect(other.manifest.revision).not.toBe(first.manifest.revision);
});
