import {
  callOf,
  expressionsOf,
  fieldsOf,
  isFields,
  listOf,
  termOf,
  type Call,
  type Expression,
  type Term,
} from './ast.ts';
import { elementOf, shapeOf, shapesIn, type Shapes } from './shapes.ts';

/** What a walk tells of: each call, with the shapes of the variables that it may name. */
export type OnCall = (call: Call, known: Shapes) => void;

/** Every call in the conditions and in all that hangs on them: comprehensions, `every`, calls within calls. */
export function walkBody(body: readonly Expression[], around: Shapes, onCall: OnCall): void {
  const known = shapesIn(body, around);
  for (const { terms } of body) walkTerms(terms, known, onCall);
}

/** Every call within a term. */
export function walkTerm(term: Term | undefined, known: Shapes, onCall: OnCall): void {
  if (term === undefined) return;
  const { type, value } = term;
  if (type === 'call') return walkTerms(value, known, onCall);
  if (type.endsWith('comprehension')) return walkComprehension(fieldsOf(value), known, onCall);
  if (type === 'templatestring') {
    for (const part of listOf(fieldsOf(value)['parts'])) walkTerms(fieldsOf(part)['terms'], known, onCall);
    return;
  }
  for (const item of listOf(value).flat()) walkTerm(termOf(item), known, onCall);
}

function walkTerms(terms: unknown, known: Shapes, onCall: OnCall): void {
  const call = callOf(terms);
  if (call !== undefined) {
    onCall(call, known);
    for (const operand of call.operands) walkTerm(operand, known, onCall);
    return;
  }
  const term = termOf(terms);
  if (term !== undefined) return walkTerm(term, known, onCall);
  if (!isFields(terms)) return;
  if (terms['domain'] !== undefined) return walkEvery(terms, known, onCall);
  // `some x in list`: the list may hold calls, and the membership itself binds and compares nothing.
  for (const symbol of listOf(terms['symbols'])) {
    for (const operand of callOf(fieldsOf(termOf(symbol)).value)?.operands ?? []) walkTerm(operand, known, onCall);
  }
}

function walkEvery(terms: { readonly [name: string]: unknown }, known: Shapes, onCall: OnCall): void {
  const domain = termOf(terms['domain']);
  const variable = termOf(terms['value']);
  walkTerm(domain, known, onCall);
  const list = shapeOf(domain, known);
  const inner = new Map(known);
  if (typeof variable?.value === 'string') inner.set(variable.value, list && elementOf(list));
  walkBody(expressionsOf(terms['body']), inner, onCall);
}

function walkComprehension(value: { readonly [name: string]: unknown }, around: Shapes, onCall: OnCall): void {
  const body = expressionsOf(value['body']);
  walkBody(body, around, onCall);
  const known = shapesIn(body, around);
  for (const part of ['term', 'key', 'value']) walkTerm(termOf(value[part]), known, onCall);
}
