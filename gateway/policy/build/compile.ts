import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SallyportError } from '../../contract/errors.ts';
import { bundleLimits, gunzipCapped } from '../bundle/read.ts';
import { readTar } from '../bundle/tar.ts';
import { decisionEntrypoints } from '../engine/entrypoints.ts';
import { runOpa, type Where } from './opa.ts';

/**
 * The module and the data that ship, from staged policies. Lines that people type are tested on the same module.
 * @param work a folder for what OPA writes; `policies` is named relative to it
 * @param rules how OPA is told what rules may call: `--capabilities FILE`
 * @throws SallyportError `opa-failed`
 */
export async function compilePolicies(
  opa: string,
  work: string,
  policies: string,
  rules: readonly string[],
  where: Where,
): Promise<{ readonly wasm: Buffer; readonly data: Buffer }> {
  const out = join(work, 'compiled.tar.gz');
  const entrypoints = decisionEntrypoints.flatMap((entrypoint) => ['-e', entrypoint]);
  await runOpa(opa, ['build', '-b', '-t', 'wasm', ...entrypoints, ...rules, '-o', out, policies], where);
  const files = readTar(gunzipCapped(await readFile(out), bundleLimits.maxContentBytes), bundleLimits.maxFiles);
  const wasm = files.get('policy.wasm');
  const data = files.get('data.json');
  if (!wasm || !data) throw new SallyportError('opa-failed', 'opa build wrote no policy.wasm or no data.json');
  return { wasm, data };
}
