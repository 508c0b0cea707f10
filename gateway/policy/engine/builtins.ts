import type { Json } from '../../contract/principal.ts';

/**
 * Built-in functions that OPA's wasm target leaves to its host. Pure and deterministic, each compared with OPA's own in a test;
 * for an operand of the wrong type they answer undefined, as OPA does. Each call costs 2-3 us (JSON both ways): not for loops.
 * A name added here goes into `policies/capabilities.json` by its generator.
 */
export const hostBuiltins: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['strings.any_prefix_match', (search, base) => anyMatch(search, base, (text, part) => text.startsWith(part))],
  ['strings.any_suffix_match', (search, base) => anyMatch(search, base, (text, part) => text.endsWith(part))],
  ['strings.count', countMatches],
]);

export type Builtin = (...operands: readonly Json[]) => Json | undefined;

function anyMatch(
  search: Json | undefined,
  base: Json | undefined,
  matches: (text: string, part: string) => boolean,
): boolean | undefined {
  const texts = stringsOf(search);
  const parts = stringsOf(base);
  if (texts === undefined || parts === undefined) return undefined;
  return texts.some((text) => parts.some((part) => matches(text, part)));
}

function countMatches(search: Json | undefined, part: Json | undefined): number | undefined {
  if (typeof search !== 'string' || typeof part !== 'string') return undefined;
  // Go counts the empty string once before each character and once at the end.
  return part === '' ? Array.from(search).length + 1 : search.split(part).length - 1;
}

/** A string, or a set or array of strings. */
function stringsOf(value: Json | undefined): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  if (!isList(value)) return undefined;
  return value.every((item) => typeof item === 'string') ? value : undefined;
}

/** `Array.isArray` does not narrow a readonly array out of a union. */
function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
