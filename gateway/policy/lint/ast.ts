import type { Place } from './problem.ts';

/**
 * Rego's syntax tree as `opa parse -f json --json-include locations` prints it: openpolicyagent.org/docs/ir and OPA's v1/ast.
 * It is read by narrowing: what has another shape than we know is passed over, for OPA itself has already accepted it.
 */
export interface Term {
  readonly type: string;
  readonly value: unknown;
  readonly location: Place;
}

/** One condition, or what `some` and `every` say. `terms` is a list for a call (operator first), a term, or an object. */
export interface Expression {
  readonly terms: unknown;
  readonly negated: boolean;
  readonly location: Place;
}

export interface Rule {
  readonly name: string;
  readonly location: Place;
  /** The last line of its text. */
  readonly endLine: number;
  /** `name contains key`. */
  readonly key: Term | undefined;
  readonly value: Term | undefined;
  readonly args: readonly Term[];
  readonly body: readonly Expression[];
  readonly orElse: Rule | undefined;
  readonly title: string | undefined;
  /** `custom.id` of its METADATA. */
  readonly metadataId: string | undefined;
}

export interface Module {
  readonly file: string;
  /** `rules.postgres`. */
  readonly package: string;
  readonly location: Place;
  readonly rules: readonly Rule[];
  /** Every `data.a.b`, imports too, with the constant names that it begins with. */
  readonly dataPaths: readonly { readonly names: readonly Term[]; readonly location: Place }[];
}

type Fields = { readonly [name: string]: unknown };

/** @param tree the parsed JSON of one module */
export function readModule(file: string, tree: unknown): Module {
  const module = fieldsOf(tree);
  const head = fieldsOf(module['package']);
  const path = termsOf(head['path']).slice(1);
  return {
    file,
    package: path.map((part) => (typeof part.value === 'string' ? part.value : '')).join('.'),
    location: placeOf(head['location'], file),
    rules: listOf(module['rules']).map((rule) => readRule(rule, file)),
    dataPaths: dataPathsIn([module['imports'], module['rules']], file),
  };
}

function dataPathsIn(tree: unknown, file: string): Module['dataPaths'] {
  if (Array.isArray(tree)) return tree.flatMap((part) => dataPathsIn(part, file));
  if (!isFields(tree)) return [];
  const [head, ...path] = tree['type'] === 'ref' ? termsOf(tree['value']) : [];
  const inner = Object.values(tree).flatMap((part) => dataPathsIn(part, file));
  if (head?.type !== 'var' || head.value !== 'data') return inner;
  const end = path.findIndex((part) => literalOf(part) === undefined);
  return [{ names: end < 0 ? path : path.slice(0, end), location: placeOf(tree['location'], file) }, ...inner];
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : []; // Array.isArray says any[]
}

export function termOf(value: unknown): Term | undefined {
  if (!isFields(value) || typeof value['type'] !== 'string') return undefined;
  return { type: value['type'], value: value['value'], location: placeOf(value['location'], '') };
}

export function termsOf(value: unknown): readonly Term[] {
  return listOf(value).flatMap((item) => termOf(item) ?? []);
}

export function expressionsOf(value: unknown): readonly Expression[] {
  return listOf(value).flatMap((item) => {
    if (!isFields(item)) return [];
    const { terms, negated, location } = item;
    return [{ terms, negated: negated === true, location: placeOf(location, '') }];
  });
}

/** The text of a string literal. */
export function literalOf(term: Term | undefined): string | undefined {
  return term?.type === 'string' && typeof term.value === 'string' ? term.value : undefined;
}

/** Keys and values of an object literal. */
export function membersOf(term: Term): readonly (readonly [key: Term, value: Term])[] {
  if (term.type !== 'object') return [];
  return listOf(term.value).flatMap((pair) => {
    const [key, value] = termsOf(pair);
    return key === undefined || value === undefined ? [] : [[key, value] as const];
  });
}

/** A call: its operator's full name, and what it is given. */
export interface Call {
  readonly operator: string;
  readonly operands: readonly Term[];
  readonly location: Place;
}

export function callOf(terms: unknown): Call | undefined {
  const [operator, ...operands] = termsOf(terms);
  if (operator?.type !== 'ref') return undefined;
  const parts = termsOf(operator.value).map((part) => (typeof part.value === 'string' ? part.value : '?'));
  return { operator: parts.join('.'), operands, location: earlier(operator.location, operands[0]?.location) };
}

/** An operator stands between its operands, a function before them. */
function earlier(a: Place, b: Place | undefined): Place {
  return b !== undefined && (b.line < a.line || (b.line === a.line && b.column < a.column)) ? b : a;
}

function readRule(tree: unknown, file: string): Rule {
  const rule = fieldsOf(tree);
  const head = fieldsOf(rule['head']);
  const annotation = fieldsOf(listOf(rule['annotations'])[0]);
  const custom = fieldsOf(annotation['custom']);
  const location = placeOf(rule['location'], file);
  const [first] = termsOf(head['ref']);
  return {
    name: typeof head['name'] === 'string' ? head['name'] : typeof first?.value === 'string' ? first.value : '',
    location,
    endLine: location.line + textOf(rule['location']).split('\n').length - 1,
    key: termOf(head['key']),
    value: termOf(head['value']),
    args: termsOf(head['args']),
    body: expressionsOf(rule['body']),
    orElse: rule['else'] === undefined ? undefined : readRule(rule['else'], file),
    title: typeof annotation['title'] === 'string' ? annotation['title'] : undefined,
    metadataId: typeof custom['id'] === 'string' ? custom['id'] : undefined,
  };
}

function placeOf(location: unknown, file: string): Place {
  const { file: named, row, col } = fieldsOf(location);
  return {
    file: typeof named === 'string' && named !== '' ? named : file,
    line: typeof row === 'number' ? row : 1,
    column: typeof col === 'number' && col > 0 ? col : 1,
  };
}

function textOf(location: unknown): string {
  const { text } = fieldsOf(location);
  return typeof text === 'string' ? Buffer.from(text, 'base64').toString('utf8') : '';
}
