import { literalOf, type Call, type Module, type Rule, type Term } from './ast.ts';
import { nearest, type Problem } from './problem.ts';
import {
  elementOf,
  inputOfPackage,
  literalList,
  literalsOf,
  shapeOf,
  shapesIn,
  type Shape,
  type Shapes,
} from './shapes.ts';
import { walkBody, walkTerm } from './walk.ts';

const comparisons: ReadonlySet<string> = new Set(['equal', 'eq', 'neq']);

/** Literals that are compared with a field which can never hold them, and labels that no data defines. */
export function literalProblems(module: Module, labels: ReadonlySet<string>): readonly Problem[] {
  const input = inputOfPackage(module.package);
  if (input === undefined) return [];
  const found: Problem[] = [];
  const constants = constantsOf(module);
  const onCall = (call: Call, known: Shapes) => {
    for (const [literal, shape] of comparedIn(call, known, constants)) {
      const problem = literalProblem(literal, shape, labels);
      if (problem !== undefined) found.push(problem);
    }
  };
  for (const rule of module.rules) walkRule(rule, new Map([['input', input]]), onCall);
  return found;
}

/** A rule with its head and its `else` branches. Arguments of a function are of no known shape. */
export function walkRule(rule: Rule, around: Shapes, onCall: (call: Call, known: Shapes) => void): void {
  const known = new Map(around);
  for (const { value } of rule.args) if (typeof value === 'string') known.set(value, undefined);
  walkBody(rule.body, known, onCall);
  const inHead = shapesIn(rule.body, known);
  for (const term of [rule.key, rule.value]) walkTerm(term, inHead, onCall);
  if (rule.orElse !== undefined) walkRule(rule.orElse, around, onCall);
}

/** `name := {...}` at the top of a file, by name: literals that rules compare with. */
function constantsOf(module: Module): ReadonlyMap<string, Term> {
  const plain = module.rules.filter((rule) => rule.args.length === 0 && rule.key === undefined && rule.value);
  return new Map(plain.flatMap((rule) => (rule.value && isList(rule.value) ? [[rule.name, rule.value] as const] : [])));
}

function* comparedIn(
  { operator, operands }: Call,
  known: Shapes,
  constants: ReadonlyMap<string, Term>,
): Generator<readonly [literal: Term, shape: Shape]> {
  const [left, right] = operands;
  if (left === undefined || right === undefined) return;
  if (comparisons.has(operator)) {
    yield* each(literalsBehind(left, known), shapeOf(right, known));
    yield* each(literalsBehind(right, known), shapeOf(left, known));
  }
  if (operator !== 'internal.member_2') return;
  const list = right.type === 'var' && typeof right.value === 'string' ? constants.get(right.value) : right;
  yield* each(literalList(list), shapeOf(left, known));
  const held = shapeOf(right, known);
  yield* each(literalsBehind(left, known), held && elementOf(held));
}

function* each(literals: readonly Term[], shape: Shape | undefined): Generator<readonly [Term, Shape]> {
  if (shape !== undefined) for (const literal of literals) yield [literal, shape];
}

/** A text, or those that a variable goes through. */
function literalsBehind(term: Term, known: Shapes): readonly Term[] {
  if (literalOf(term) !== undefined) return [term];
  return term.type === 'var' && typeof term.value === 'string' ? (known.get(term.value)?.literals ?? []) : [];
}

function isList(term: Term): boolean {
  return term.type === 'set' || term.type === 'array';
}

function literalProblem(literal: Term, shape: Shape, labels: ReadonlySet<string>): Problem | undefined {
  const text = literalOf(literal) ?? '';
  const possible = literalsOf(shape);
  if (possible !== undefined && !possible.includes(text)) {
    const near = nearest(text, possible);
    return {
      ...literal.location,
      check: 'enum-literal',
      severity: 'error',
      message: `${shape.path} is never ${JSON.stringify(text)}`,
      instead: near === undefined ? `One of ${possible.join(', ')}.` : `Write ${JSON.stringify(near)}.`,
    };
  }
  return shape.isLabel && !labels.has(text) ? undefinedLabel(literal, labels) : undefined;
}

export function undefinedLabel(literal: Term, labels: ReadonlySet<string>): Problem {
  const text = literalOf(literal) ?? '';
  const near = nearest(text, [...labels]);
  return {
    ...literal.location,
    check: 'undefined-label',
    severity: 'error',
    message: `no data defines the label ${JSON.stringify(text)}`,
    instead:
      near === undefined ? `Define it in labels/data.yaml, with mask and readers.` : `Write ${JSON.stringify(near)}.`,
  };
}
