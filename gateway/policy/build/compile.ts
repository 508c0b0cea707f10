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
  return compileRego(opa, join(work, 'compiled.tar.gz'), decisionEntrypoints, [...rules, '-b', policies], where);
}

/**
 * A module with these entrypoints, and the data that lies beside the Rego.
 * @param out the archive that OPA writes
 * @param args flags and folders, as `opa build` takes them
 * @throws SallyportError `opa-failed`
 */
export async function compileRego(
  opa: string,
  out: string,
  entrypoints: readonly string[],
  args: readonly string[],
  where: Where,
): Promise<{ readonly wasm: Buffer; readonly data: Buffer }> {
  const flags = entrypoints.flatMap((entrypoint) => ['-e', entrypoint]);
  await runOpa(opa, ['build', '-t', 'wasm', ...flags, '-o', out, ...args], where);
  const files = readTar(gunzipCapped(await readFile(out), bundleLimits.maxContentBytes), bundleLimits.maxFiles);
  const wasm = files.get('policy.wasm');
  const data = files.get('data.json');
  if (!wasm || !data) throw new SallyportError('opa-failed', 'opa build wrote no policy.wasm or no data.json');
  return { wasm, data };
}
