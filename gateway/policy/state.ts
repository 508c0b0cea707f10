import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { SallyportError } from '../contract/errors.ts';

const stateSchema = z.strictObject({ sequence: z.int().nonnegative(), revision: z.string() });

/** The newest bundle that was ever active. */
export type PolicyState = z.infer<typeof stateSchema>;

export const noState: PolicyState = { sequence: 0, revision: '' };

/** @throws SallyportError `store-unavailable` for a file that cannot be read or is not ours: starting without it would open the way back */
export async function readState(path: string | undefined): Promise<PolicyState> {
  if (path === undefined) return noState;
  try {
    return stateSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if (isAbsent(cause)) return noState;
    throw new SallyportError('store-unavailable', `policy state ${path} cannot be read`, { cause });
  }
}

/** @throws SallyportError `store-unavailable` */
export async function writeState(path: string | undefined, state: PolicyState): Promise<void> {
  if (path === undefined) return;
  try {
    const draft = `${path}.${process.pid}.draft`;
    await writeFile(draft, JSON.stringify(state), { mode: 0o600, flush: true });
    await rename(draft, path);
  } catch (cause) {
    throw new SallyportError('store-unavailable', `policy state ${path} cannot be written`, { cause });
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
