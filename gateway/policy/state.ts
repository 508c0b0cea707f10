import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { SallyportError } from '../contract/errors.ts';
import { writeWhole } from './sources/files.ts';

const newestSchema = z.strictObject({ sequence: z.int().nonnegative(), revision: z.string() });
/** A file of one bundle's numbers is from before there could be several. */
const stateSchema = z.union([
  z.strictObject({ bundles: z.record(z.string(), newestSchema) }).transform(({ bundles }) => bundles),
  newestSchema.transform((policy) => ({ policy })),
]);

/** The newest of a bundle that was ever active. */
export type Newest = z.infer<typeof newestSchema>;
/** By the bundle's name. */
export type PolicyState = ReadonlyMap<string, Newest>;

const never: Newest = { sequence: 0, revision: '' };

export function newestOf(state: PolicyState, name: string): Newest {
  return state.get(name) ?? never;
}

/** @throws SallyportError `store-unavailable` for a file that cannot be read or is not ours: starting without it would open the way back */
export async function readState(path: string | undefined): Promise<PolicyState> {
  if (path === undefined) return new Map();
  try {
    return new Map(Object.entries(stateSchema.parse(JSON.parse(await readFile(path, 'utf8')))));
  } catch (cause) {
    if (isAbsent(cause)) return new Map();
    throw new SallyportError('store-unavailable', `policy state ${path} cannot be read`, { cause });
  }
}

/**
 * @param after see `WholeFile`
 * @throws SallyportError `store-unavailable`
 */
export async function writeState(path: string | undefined, state: PolicyState, after: Promise<void>): Promise<void> {
  if (path === undefined) return after;
  try {
    await writeWhole(path, JSON.stringify({ bundles: Object.fromEntries(state) }), { after });
  } catch (cause) {
    throw new SallyportError('store-unavailable', `policy state ${path} cannot be written`, { cause });
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
