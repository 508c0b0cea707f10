import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../contract/principal.ts';
import type { SqlAnalysis } from './lineage/analysis.ts';
import { analyzeText, type Reading } from './analyze.ts';
import { isList, isNode, type Node } from './text/node.ts';
import { comparedNumbers, factsAlike, withZeros } from './text/shape.ts';
import type { StatementFacts } from './text/statement.ts';

/**
 * Whether the facts of a shaped text (`shapeOf`) hold for every text of its shape. Such texts are the same tokens to the grammar, so their
 * trees differ in the values of some constants and in positions, and in nothing else. The text is read once more from a tree that tells when
 * one of those is looked at: facts that were made without looking at them cannot depend on them.
 * As a second witness the shape is read with other numbers, and has to give what would be said of it.
 */
export function holdsForAnyNumber(text: string, analysis: SqlAnalysis, reading: Reading): boolean {
  const facts = onlyRead(analysis);
  if (!facts || facts.recordText !== sliceOf(text, facts)) return false;
  let seen = false;
  const numbers = comparedNumbers(text);
  const watched = analyzeText(text, {
    ...reading,
    grammar: {
      parse: (again) => {
        const parsed = reading.grammar.parse(again);
        let left = numbers.size;
        if (parsed.ok) {
          for (const { tree } of parsed.statements)
            left -= watch(tree, numbers, () => {
              seen = true;
            });
        }
        seen ||= left !== 0;
        return parsed;
      },
    },
  });
  if (seen || !isDeepStrictEqual(watched, analysis)) return false;
  const other = withZeros(text);
  const [expected, read] = [factsAlike({ facts, length: text.length }, other), onlyRead(analyzeText(other, reading))];
  return read !== undefined && isDeepStrictEqual({ ...read, key: '' }, { ...expected, key: '' });
}

/** One SELECT that leaves nothing behind, and of whose text nothing has to be blanked. */
function onlyRead(analysis: SqlAnalysis): StatementFacts | undefined {
  if (!analysis.ok || analysis.statements.length !== 1) return undefined;
  const [facts] = analysis.statements;
  if (!facts) return undefined;
  const { command, handle, transaction, secretParams, changesSchema, changesSearchPath, unknownRelations } = facts;
  const reads = command.kind === 'select' && isDeepStrictEqual(command.effects, ['read']) && command.into === null;
  const quiet = handle.op === 'none' && transaction.verb === 'none' && !changesSchema && !changesSearchPath;
  return reads && quiet && secretParams.length === 0 && unknownRelations.length === 0 ? facts : undefined;
}

function sliceOf(text: string, { location: { start, length } }: StatementFacts): string {
  return text.slice(start, start + length);
}

/**
 * Makes a tree tell when a number in it is looked at: positions, and the value of each constant that stands at one of `places`. A value of
 * zero is left out of the tree, so for a constant it tells, too, when somebody asks whether there is one.
 * @returns how many constants it found at `places`
 */
function watch(tree: Node | readonly Json[], places: ReadonlySet<number>, onSeen: () => void): number {
  let found = 0;
  for (const [field, value] of Object.entries<Json>(tree)) {
    if (typeof value === 'number') tellOf(tree, field, value, onSeen);
    else if (field === 'A_Const' && isNode(value)) {
      const { location, ival } = value;
      if (typeof location !== 'number') continue;
      tellOf(value, 'location', location, onSeen);
      if (!places.has(location) || !isNode(ival)) continue;
      found++;
      Object.defineProperty(value, 'ival', { enumerable: true, value: watchedObject(ival, onSeen) });
    } else if (isNode(value) || isList(value)) found += watch(value, places, onSeen);
  }
  return found;
}

function tellOf(tree: object, field: string, value: number, onSeen: () => void): void {
  const get = (): number => {
    onSeen();
    return value;
  };
  Object.defineProperty(tree, field, { enumerable: true, get });
}

/** Tells of every way to look into `target`. */
function watchedObject(target: Node, onSeen: () => void): Node {
  const telling =
    <Args extends unknown[], Result>(look: (...args: Args) => Result) =>
    (...args: Args): Result => {
      onSeen();
      return look(...args);
    };
  return new Proxy<Node>(target, {
    get: (of, field) => {
      onSeen();
      return typeof field === 'string' ? of[field] : undefined;
    },
    has: telling(Reflect.has),
    ownKeys: telling(Reflect.ownKeys),
    getOwnPropertyDescriptor: telling(Reflect.getOwnPropertyDescriptor),
    getPrototypeOf: telling(Reflect.getPrototypeOf),
  });
}
