import { z } from 'zod';
import { SallyportError } from '../../contract/errors.ts';
import { runOpa, type Where } from './opa.ts';

const term = z.looseObject({ type: z.string(), value: z.unknown() });
const depsSchema = z.object({ base: z.array(z.array(term)).optional() });

/**
 * Which parts of the input an entrypoint's rules read, as OPA's compiler sees it: `command.effects`, `principal.groups`.
 * An empty path means the whole input.
 */
export async function readsOf(opa: string, policies: string, entrypoint: string, where: Where = {}): Promise<string[]> {
  const ref = `data.${entrypoint.replaceAll('/', '.')}`;
  const answer: unknown = JSON.parse(await runOpa(opa, ['deps', '-f', 'json', '-d', policies, ref], where));
  const read = depsSchema.safeParse(answer);
  if (!read.success) throw new SallyportError('opa-failed', `opa deps: ${z.prettifyError(read.error)}`);
  const paths = (read.data.base ?? []).filter((ref) => ref[0]?.value === 'input').map((ref) => pathOf(ref.slice(1)));
  return [...new Set(paths)].sort();
}

/** Up to the first part that is not a constant name: `command.relations[_].name` reads `command.relations`. */
function pathOf(ref: readonly z.infer<typeof term>[]): string {
  const names: string[] = [];
  for (const { type, value } of ref) {
    if (type !== 'string' || typeof value !== 'string' || !/^\w+$/.test(value)) break;
    names.push(value);
  }
  return names.join('.');
}
