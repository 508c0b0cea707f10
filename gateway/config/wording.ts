import type { YAMLError } from 'yaml';
import type { z } from 'zod';

/** A JSON Schema as far as we look into one. */
interface SchemaNode {
  readonly properties?: { readonly [key: string]: SchemaNode };
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly additionalProperties?: SchemaNode | boolean;
}

/** Says what is wrong and what is allowed, in a sentence without a capital: it stands behind a position and a path. */
export function wording(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return `missing: expected ${article(issue.expected)}`;
      // Where a mapping belongs that says where a secret is, somebody may have written the secret.
      if (issue.expected === 'object' && typeof issue.input !== 'object')
        return `expected a mapping, got ${article(typeof issue.input)}`;
      return `expected ${article(issue.expected)}, got ${described(issue.input)}`;
    case 'invalid_value':
      return `expected ${listed(issue.values.map(String))}, got ${described(issue.input)}`;
    case 'too_small':
      return `expected ${quantity(issue.origin, 'at least', Number(issue.minimum))}`;
    case 'too_big':
      return `expected ${quantity(issue.origin, 'at most', Number(issue.maximum))}`;
    case 'invalid_union':
      if ('options' in issue && Array.isArray(issue.options))
        return `expected ${listed(issue.options.map(String))}, got ${described(memberOf(issue.input, issue.discriminator))}`;
      return `expected one of the allowed forms, got ${described(issue.input)}`;
    case 'invalid_key': {
      const [first] = issue.issues;
      return `no key that is allowed here${first ? `: ${wording(first)}` : ''}`;
    }
    case 'unrecognized_keys':
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_element':
    case 'custom':
      return issue.message;
    default:
      return issue satisfies never;
  }
}

/** What stops a text from being YAML, with the mistake that mostly is behind it. */
export function yamlWording({ code, message }: YAMLError): string {
  switch (code) {
    case 'MULTILINE_IMPLICIT_KEY':
      return `${message}: a colon is missing behind this key, or text goes on in a second line without quotes`;
    case 'TAB_AS_INDENT':
      return `${message}: indent with spaces`;
    case 'BAD_INDENT':
      return `${message}: this line does not stand under the one that it belongs to`;
    default:
      return message;
  }
}

/** An unknown key, with the one that was probably meant. */
export function unknownKey(key: string, schema: unknown, path: readonly PropertyKey[]): string {
  const allowed = keysAt([schema as SchemaNode], path); // the schema is the one that zod has just written
  const near = allowed
    .map((candidate) => ({ candidate, far: distance(key, candidate) }))
    .filter(({ candidate, far }) => far <= Math.max(2, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.far - b.far)[0];
  const hint = near ? `did you mean ${near.candidate}?` : `allowed here: ${allowed.join(', ')}`;
  return `unknown key ${key}; ${hint}`;
}

/** What a mapping may have, for whoever wrote something else in its place. */
export function mappingWording(issue: z.core.$ZodIssue, schema: unknown): string {
  const allowed = keysAt([schema as SchemaNode], issue.path); // as above
  return `${wording(issue)}; allowed in it: ${allowed.join(', ')}`;
}

function keysAt(nodes: readonly SchemaNode[], path: readonly PropertyKey[]): readonly string[] {
  const open = nodes.flatMap((n) => [n, ...(n.anyOf ?? []), ...(n.oneOf ?? [])]);
  const [step, ...rest] = path;
  if (step === undefined) return [...new Set(open.flatMap((n) => Object.keys(n.properties ?? {})))];
  const next = open.flatMap((n) => {
    if (typeof step === 'number') return n.items ?? [];
    const extra = typeof n.additionalProperties === 'object' ? n.additionalProperties : [];
    return n.properties?.[String(step)] ?? extra;
  });
  return keysAt(next, rest);
}

/** Levenshtein's: how many characters have to change. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, x] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, y] of Array.from(b).entries()) {
      next.push(Math.min((row[j] ?? 0) + (x === y ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** What stands in the field that says which form it is. */
function memberOf(value: unknown, name: string | undefined): unknown {
  return typeof value === 'object' && value !== null && name !== undefined ? Reflect.get(value, name) : undefined;
}

function article(type: string): string {
  const names: { readonly [type: string]: string } = {
    int: 'a whole number',
    number: 'a number',
    string: 'text',
    boolean: 'true or false',
    object: 'a mapping',
    record: 'a mapping',
    array: 'a list',
  };
  return names[type] ?? type;
}

function described(value: unknown): string {
  if (value === null) return 'nothing';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}..."` : text;
}

function listed(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : `one of ${values.join(', ')}`;
}

function quantity(origin: string, bound: string, n: number): string {
  const some = n.toLocaleString('en');
  if (origin === 'string')
    return n === 1 && bound === 'at least' ? 'text that is not empty' : `${bound} ${some} characters`;
  if (origin === 'array') return `${bound} ${n === 1 ? 'one entry' : `${some} entries`}`;
  return `${bound} ${some}`;
}
