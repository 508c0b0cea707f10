import type { Json } from '../contract/principal.ts';

export type Claims = { readonly [name: string]: Json };
export type ClaimPath = readonly string[];

/** Literal texts and claims in turn: `literals[0] paths[0] literals[1] ...`; one literal more than paths. */
export interface Template {
  readonly literals: readonly string[];
  readonly paths: readonly ClaimPath[];
}

/** @throws RangeError when a name is empty */
export function parseClaimPath(text: string): ClaimPath {
  const names = text.startsWith('/')
    ? text
        .slice(1)
        .split('/')
        .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    : text.split('.');
  if (names.includes('')) throw new RangeError(`claim path ${JSON.stringify(text)} has an empty name`);
  return names;
}

/**
 * `sub` is the claim itself; braces make a template: `github:{repository}@{ref}`.
 * @throws RangeError on a lone brace, on no claim at all, and on two claims without text between them: their border could not be seen
 */
export function parseTemplate(text: string): Template {
  if (!/[{}]/.test(text)) return { literals: ['', ''], paths: [parseClaimPath(text)] };
  const parts = text.split(/\{([^{}]*)\}/);
  const literals = parts.filter((_, i) => i % 2 === 0);
  const names = parts.filter((_, i) => i % 2 === 1);
  if (names.length === 0 || literals.some((literal) => /[{}]/.test(literal))) {
    throw new RangeError(`template ${JSON.stringify(text)} is not text with {claim} in it`);
  }
  if (literals.slice(1, -1).includes(''))
    throw new RangeError(`template ${JSON.stringify(text)} needs text between its claims`);
  return { literals, paths: names.map(parseClaimPath) };
}

/** The value at the path, own properties only; undefined where there is none. */
export function claimAt(claims: Claims, path: ClaimPath): Json | undefined {
  let value: Json | undefined = claims;
  for (const name of path) {
    if (!isClaims(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/**
 * The template with the claims in place; undefined when a claim is missing, no text, or contains the text that ends it.
 * The last matters: with `{repository}@{ref}` a repository named `a@b` could pass for another's.
 */
export function fillTemplate(template: Template, claims: Claims): string | undefined {
  let filled = template.literals[0] ?? '';
  for (const [i, path] of template.paths.entries()) {
    const value = claimAt(claims, path);
    const ending = template.literals[i + 1] ?? '';
    if (typeof value !== 'string' || value === '') return undefined;
    const isLast = i === template.paths.length - 1;
    if (!isLast && (value + ending).indexOf(ending) !== value.length) return undefined;
    filled += value + ending;
  }
  return filled;
}

export function isClaims(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
