import { termOf, type Call, type Module, type Rule, type Term } from './ast.ts';
import { walkRule } from './literals.ts';
import type { Problem } from './problem.ts';
import { inputOfPackage, rangeOf, shapeOf, type Shape, type Shapes } from './shapes.ts';

/** Numbers that a field never compares with like this, and "less than" of a field that may be null. */
export function numberProblems(module: Module): readonly Problem[] {
  const input = inputOfPackage(module.package);
  return input === undefined ? [] : module.rules.flatMap((rule) => inRule(rule, input, module.file));
}

function inRule(rule: Rule, input: Shape, file: string): readonly Problem[] {
  const numbers = new Set<string>();
  const compared: Compared[] = [];
  walkRule(rule, new Map([['input', input]]), (call, known) => {
    const sure = surelyNumber(call, known);
    if (sure !== undefined) numbers.add(sure);
    compared.push(...comparisonsIn(call, known));
  });
  return compared.flatMap((one) => {
    const problem = neverTrue(one) ?? (numbers.has(one.shape.path) ? undefined : lessThanNull(one));
    return problem === undefined ? [] : [{ ...problem, ...one.call.location, file, severity: 'error' as const }];
  });
}

/** A path of the input on the left of an operator, turned round where it stands on the right. */
interface Compared {
  readonly shape: Shape;
  readonly operator: Operator;
  readonly other: Term;
  readonly call: Call;
}

const operators = ['lt', 'lte', 'gt', 'gte', 'equal', 'eq'] as const;
type Operator = (typeof operators)[number];
const turned = { lt: 'gt', lte: 'gte', gt: 'lt', gte: 'lte', equal: 'equal', eq: 'eq' } as const;

function comparisonsIn(call: Call, known: Shapes): readonly Compared[] {
  const operator = operators.find((each) => each === call.operator);
  const [left, right] = call.operands;
  if (operator === undefined || left === undefined || right === undefined) return [];
  const sides = [
    { shape: shapeOf(left, known), operator, other: right, call },
    { shape: shapeOf(right, known), operator: turned[operator], other: left, call },
  ];
  return sides.flatMap(({ shape, ...rest }) => (shape === undefined ? [] : [{ shape, ...rest }]));
}

/** `is_number(input.command.limit)`, or `input.command.limit != null`. */
function surelyNumber({ operator, operands: [left, right] }: Call, known: Shapes): string | undefined {
  if (operator === 'is_number') return shapeOf(left, known)?.path;
  if (operator !== 'neq') return undefined;
  if (right?.type === 'null') return shapeOf(left, known)?.path;
  return left?.type === 'null' ? shapeOf(right, known)?.path : undefined;
}

type Said = Pick<Problem, 'check' | 'message' | 'instead'>;

function neverTrue({ shape, operator, other }: Compared): Said | undefined {
  const range = rangeOf(shape);
  const number = termOf(other)?.value;
  if (range === undefined || typeof number !== 'number' || isPossible(operator, number, range)) return undefined;
  const { min, max } = range;
  const all = max > 1e9 ? `${min} or more` : `${min} to ${max}`;
  return {
    check: 'never-fires',
    message: `${shape.path} is ${all}, so this is never true`,
    instead: `Compare with ${all}.`,
  };
}

function isPossible(
  operator: Operator,
  number: number,
  { min, max }: { readonly min: number; readonly max: number },
): boolean {
  switch (operator) {
    case 'lt':
      return min < number;
    case 'lte':
      return min <= number;
    case 'gt':
      return max > number;
    case 'gte':
      return max >= number;
    case 'equal':
    case 'eq':
      return min <= number && number <= max;
    default:
      return operator satisfies never;
  }
}

/** Rego orders values of all types: null, then booleans, then numbers. */
function lessThanNull({ shape, operator }: Compared): Said | undefined {
  if ((operator !== 'lt' && operator !== 'lte') || rangeOf(shape)?.isNullable !== true) return undefined;
  const message = `${shape.path} may be null, and null is less than every number`;
  return { check: 'null-order', message, instead: `Ask is_number(${shape.path}) in the same rule.` };
}
