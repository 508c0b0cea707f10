import { callOf, literalOf, termOf, termsOf, type Expression, type Module, type Rule, type Term } from './ast.ts';
import { nearest, type Place, type Problem } from './problem.ts';
import { inputOfPackage, literalsOf, shapeOf, type Shape } from './shapes.ts';
import { entrypoints } from '../schema/json-schema.ts';

/** Packages that judge no command, and conditions that exclude each other. */
export function neverProblems(module: Module): readonly Problem[] {
  return [...unjudged(module), ...module.rules.flatMap((rule) => impossible(rule, inputOfPackage(module.package)))];
}

function unjudged({ package: name, location }: Module): readonly Problem[] {
  const [room, entrypoint, ...rest] = name.split('.');
  if (room !== 'rules' || (entrypoints.some((known) => known === entrypoint) && rest.length === 0)) return [];
  const near = nearest(entrypoint ?? '', entrypoints);
  const packages = entrypoints.map((known) => `rules.${known}`).join(', ');
  const instead = near === undefined ? `One of ${packages}.` : `Write package rules.${near}.`;
  return [never(location, `no command is judged by package ${name}`, instead)];
}

/** What conditions leave of one path. `denied` holds where the path is there, `absent` also where it is not. */
interface Left {
  readonly path: string;
  readonly any: readonly string[] | undefined;
  readonly wanted: ReadonlySet<string> | undefined;
  readonly denied: ReadonlySet<string>;
  readonly absent: ReadonlySet<string>;
}

/** A body in which one path would have to be two things at once, or nothing that it can be. */
function impossible(rule: Rule, input: Shape | undefined): readonly Problem[] {
  const paths = new Map<string, Left>();
  const found: Problem[] = [];
  for (const condition of rule.body) {
    if (!condition.negated && termOf(condition.terms)?.value === false)
      found.push(never(condition.location, 'false is never true', 'Remove the rule.'));
    const demand = demandOf(condition, input);
    if (demand === undefined) continue;
    const before = paths.get(demand.path) ?? { ...demand, wanted: undefined, denied: none, absent: none };
    const after = narrowed(before, demand);
    paths.set(demand.path, after);
    if (isLeft(after) || !isLeft(before)) continue;
    found.push(never(condition.location, conflict(before, demand), insteadOf(demand)));
  }
  return rule.orElse === undefined ? found : [...found, ...impossible(rule.orElse, input)];
}

const none: ReadonlySet<string> = new Set();

function narrowed(before: Left, { how, values }: Demand): Left {
  switch (how) {
    case 'is':
      return {
        ...before,
        wanted:
          before.wanted === undefined ? values : new Set([...values].filter((value) => before.wanted?.has(value))),
      };
    case 'is-not':
      return { ...before, denied: new Set([...before.denied, ...values]) };
    case 'not-is':
      return { ...before, absent: new Set([...before.absent, ...values]) };
    default:
      return how satisfies never;
  }
}

function isLeft({ any, wanted, denied, absent }: Left): boolean {
  if (wanted !== undefined) return [...wanted].some((value) => !denied.has(value) && !absent.has(value));
  return any === undefined || any.some((value) => !denied.has(value));
}

function conflict(before: Left, { path, how, values }: Demand): string {
  const here = [...values].join(' or ');
  if (how !== 'is' || before.wanted === undefined) return `nothing is left that ${path} could be here`;
  return `${path} cannot be ${here} here: it is ${[...before.wanted].join(' or ')} already`;
}

function insteadOf({ path, how }: Demand): string {
  return how === 'is' ? `One condition with both: ${path} in {...}, or two rules.` : 'Remove one of the conditions.';
}

interface Demand {
  readonly path: string;
  readonly any: readonly string[] | undefined;
  /** `== "x"`, `!= "x"`, `not ... == "x"`. */
  readonly how: 'is' | 'is-not' | 'not-is';
  readonly values: ReadonlySet<string>;
}

/** Which literals a path may be or may not. Only of whole paths: of a list there are many elements. */
function demandOf({ terms, negated }: Expression, input: Shape | undefined): Demand | undefined {
  const call = callOf(terms);
  const [left, right] = call?.operands ?? [];
  if (left === undefined || right === undefined) return undefined;
  const path = constantPath(left) ?? constantPath(right);
  const values = call?.operator === 'internal.member_2' ? textsOf(right) : (textsOf(left) ?? textsOf(right));
  const how = howOf(call?.operator ?? '', negated);
  if (path === undefined || values === undefined || how === undefined) return undefined;
  const shape = shapeOf(constantPath(left) === undefined ? right : left, new Map([['input', input]]));
  return { path, any: shape && literalsOf(shape), how, values: new Set(values) };
}

function howOf(operator: string, negated: boolean): Demand['how'] | undefined {
  if (['equal', 'eq', 'internal.member_2'].includes(operator)) return negated ? 'not-is' : 'is';
  return operator === 'neq' && !negated ? 'is-not' : undefined;
}

/** A literal, or all of a set or array of them. */
function textsOf(term: Term): readonly string[] | undefined {
  const text = literalOf(term);
  if (text !== undefined) return [text];
  if (term.type !== 'set' && term.type !== 'array') return undefined;
  const texts = termsOf(term.value).map(literalOf);
  return texts.every((one) => one !== undefined) ? texts : undefined;
}

/** `input.command.action`, when every part is a constant. */
function constantPath(term: Term): string | undefined {
  if (term.type !== 'ref') return undefined;
  const [head, ...path] = termsOf(term.value);
  const parts = path.map(literalOf);
  return head?.value === 'input' && parts.every((part) => part !== undefined)
    ? ['input', ...parts].join('.')
    : undefined;
}

function never({ file, line, column }: Place, message: string, instead: string): Problem {
  return { file, line, column, check: 'never-fires', severity: 'error', message, instead };
}
