import { callOf, literalOf, termOf, termsOf, type Expression, type Module, type Rule, type Term } from './ast.ts';
import { nearest, type Place, type Problem } from './problem.ts';
import { entrypoints } from '../schema/json-schema.ts';

/** Packages that judge no command, and conditions that exclude each other. */
export function neverProblems(module: Module): readonly Problem[] {
  return [...unjudged(module), ...module.rules.flatMap(impossible)];
}

function unjudged({ package: name, location }: Module): readonly Problem[] {
  const [room, entrypoint, ...rest] = name.split('.');
  if (room !== 'rules' || (entrypoints.some((known) => known === entrypoint) && rest.length === 0)) return [];
  const near = nearest(entrypoint ?? '', entrypoints);
  const packages = entrypoints.map((known) => `rules.${known}`).join(', ');
  const instead = near === undefined ? `One of ${packages}.` : `Write package rules.${near}.`;
  return [never(location, `no command is judged by package ${name}`, instead)];
}

/** A body in which one path would have to be two things at once. */
function impossible(rule: Rule): readonly Problem[] {
  const allowed = new Map<string, ReadonlySet<string>>();
  const found: Problem[] = [];
  for (const condition of rule.body) {
    if (condition.negated) continue;
    if (termOf(condition.terms)?.value === false)
      found.push(never(condition.location, 'false is never true', 'Remove the rule.'));
    const demand = demandOf(condition);
    if (demand === undefined) continue;
    const before = allowed.get(demand.path);
    const both =
      before === undefined ? demand.values : new Set([...demand.values].filter((value) => before.has(value)));
    allowed.set(demand.path, both);
    if (before === undefined || both.size > 0) continue;
    const earlier = [...before].join(' or ');
    const message = `${demand.path} cannot be ${[...demand.values].join(' or ')} here: it is ${earlier} already`;
    found.push(never(condition.location, message, `One condition with both: ${demand.path} in {...}, or two rules.`));
  }
  return rule.orElse === undefined ? found : [...found, ...impossible(rule.orElse)];
}

/** `input.a.b == "x"` and `input.a.b in {"x", "y"}`: which literals a path may be. Only of whole paths: of a list there are many elements. */
function demandOf({ terms }: Expression): { readonly path: string; readonly values: ReadonlySet<string> } | undefined {
  const call = callOf(terms);
  const [left, right] = call?.operands ?? [];
  if (left === undefined || right === undefined) return undefined;
  if (call?.operator === 'internal.member_2') {
    const path = constantPath(left);
    const isList = right.type === 'set' || right.type === 'array';
    const values = isList ? termsOf(right.value).map(literalOf) : [undefined];
    return path !== undefined && values.every((v) => v !== undefined) ? { path, values: new Set(values) } : undefined;
  }
  if (call?.operator !== 'equal' && call?.operator !== 'eq') return undefined;
  const [path, value] = [constantPath(left) ?? constantPath(right), literalOf(right) ?? literalOf(left)];
  return path === undefined || value === undefined ? undefined : { path, values: new Set([value]) };
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
