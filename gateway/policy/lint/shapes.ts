import type { Entrypoint } from '../../contract/command.ts';
import { entrypoints, inputSchema } from '../schema/json-schema.ts';
import { callOf, fieldsOf, isFields, listOf, literalOf, termOf, termsOf, type Expression, type Term } from './ast.ts';

/** What a value of the input can be, by the published schema of its entrypoint. */
export interface Shape {
  readonly schema: unknown;
  /** How it is written: `input.command.action`, `input.command.effects[_]`. */
  readonly path: string;
  /** It is one of a list named `labels` or `labels_read`. */
  readonly isLabel: boolean;
  /** Of a variable that goes through a list of literals: `some effect in ["ddl", "truncate"]`. */
  readonly literals?: readonly Term[];
}

/** Variables of one body and of those around it whose shape is known. */
export type Shapes = ReadonlyMap<string, Shape | undefined>;

/** The whole input of a package `rules.<entrypoint>` or `sallyport.<entrypoint>`. */
export function inputOfPackage(name: string): Shape | undefined {
  const entrypoint = entrypointOfPackage(name);
  return entrypoint && { schema: inputSchema(entrypoint), path: 'input', isLabel: false };
}

export function entrypointOfPackage(name: string): Entrypoint | undefined {
  const [room, last] = name.split('.');
  return room === 'rules' || room === 'sallyport' ? entrypoints.find((entrypoint) => entrypoint === last) : undefined;
}

/** The literals that a value can be; undefined when it can be any. */
export function literalsOf({ schema }: Shape): readonly string[] | undefined {
  const literals: string[] = [];
  for (const choice of choicesOf(schema)) {
    if (typeof choice['const'] === 'string') literals.push(choice['const']);
    else if (Array.isArray(choice['enum'])) literals.push(...choice['enum'].filter((v) => typeof v === 'string'));
    else if (choice['type'] === 'string' || choice['type'] === undefined) return undefined;
  }
  return literals.length > 0 ? literals : undefined;
}

/** What a number can be; undefined for what is none, or may be anything. */
export function rangeOf({
  schema,
}: Shape): { readonly min: number; readonly max: number; readonly isNullable: boolean } | undefined {
  const choices = choicesOf(schema);
  const number = choices.find(({ type }) => type === 'integer' || type === 'number');
  if (number === undefined || choices.some(({ type }) => type !== 'null' && type !== number['type'])) return undefined;
  const { minimum, maximum } = number;
  const min = typeof minimum === 'number' ? minimum : -Infinity;
  const max = typeof maximum === 'number' ? maximum : Infinity;
  return { min, max, isNullable: choices.length > 1 };
}

/** One element of a list. */
export function elementOf(shape: Shape): Shape | undefined {
  for (const choice of choicesOf(shape.schema)) {
    if (choice['items'] === undefined) continue;
    const isLabel = choice['type'] === 'array' && /\.labels(_read)?$/.test(shape.path);
    return { schema: choice['items'], path: `${shape.path}[_]`, isLabel };
  }
  return undefined;
}

export function shapeOf(term: Term | undefined, known: Shapes): Shape | undefined {
  if (term?.type === 'var' && typeof term.value === 'string') return known.get(term.value);
  if (term?.type !== 'ref') return undefined;
  const [head, ...path] = termsOf(term.value);
  let shape = shapeOf(head, known);
  for (const part of path) shape = shape && stepInto(shape, part);
  return shape;
}

/** `known` and what this body says of its variables: `some x in list`, `x := path`, `every` is its caller's. */
export function shapesIn(body: readonly Expression[], known: Shapes): Shapes {
  const found = new Map(known);
  for (const { terms } of body) bind(terms, found);
  return found;
}

function bind(terms: unknown, found: Map<string, Shape | undefined>): void {
  const assigned = callOf(terms);
  if (assigned?.operator === 'assign') return set(found, assigned.operands[0], shapeOf(assigned.operands[1], found));
  if (!isFields(terms) || terms['symbols'] === undefined) return;
  for (const symbol of listOf(terms['symbols'])) {
    const call = callOf(fieldsOf(termOf(symbol)).value);
    const list = shapeOf(call?.operands.at(-1), found);
    const literals = literalList(call?.operands.at(-1));
    if (list !== undefined) set(found, call?.operands.at(-2), elementOf(list) ?? valueOf(list));
    else if (literals.length > 0) set(found, call?.operands.at(-2), { schema: {}, path: '', isLabel: false, literals });
  }
}

/** The texts in a set or array that is written out. */
export function literalList(term: Term | undefined): readonly Term[] {
  if (term?.type !== 'set' && term?.type !== 'array') return [];
  return termsOf(term.value).filter((item) => literalOf(item) !== undefined);
}

function set(found: Map<string, Shape | undefined>, variable: Term | undefined, shape: Shape | undefined): void {
  if (variable?.type === 'var' && typeof variable.value === 'string') found.set(variable.value, shape);
}

function stepInto(shape: Shape, part: Term): Shape | undefined {
  const name = literalOf(part);
  if (name === undefined) return elementOf(shape) ?? valueOf(shape);
  for (const choice of choicesOf(shape.schema)) {
    const property = fieldsOf(choice['properties'])[name];
    if (property !== undefined) return { schema: property, path: `${shape.path}.${name}`, isLabel: false };
  }
  return valueOf(shape);
}

/** A value of an object whose keys are free. */
function valueOf(shape: Shape): Shape | undefined {
  for (const choice of choicesOf(shape.schema)) {
    const { additionalProperties } = choice;
    if (!isFields(additionalProperties)) continue;
    return { schema: additionalProperties, path: `${shape.path}[_]`, isLabel: false };
  }
  return undefined;
}

function choicesOf(schema: unknown): readonly { readonly [name: string]: unknown }[] {
  const fields = fieldsOf(schema);
  const choices = fields['anyOf'] ?? fields['oneOf'];
  if (choices !== undefined) return listOf(choices).flatMap(choicesOf);
  const { type } = fields;
  return Array.isArray(type) ? type.map((each: unknown) => ({ ...fields, type: each })) : [fields];
}
