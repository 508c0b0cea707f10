import type { Wire, WireMessage } from '../../behaviour/wire.ts';
import { disguiseFor, sides, type Side } from '../canary.ts';
import { columnsOf, comparable, outcomeOf, say, type Outcome, type Way } from '../conversation.ts';
import { difference, otherRows } from './difference.ts';
import { scan, scanColumns } from '../scan.ts';
import type { LeakWorld } from '../world.ts';
import { shrink } from './shrink.ts';
import { statement } from './statements.ts';
import { Tape } from './tape.ts';

/** A generated statement that brought something out, or brought something else than the database. */
export interface Finding {
  readonly seed: number;
  readonly way: Way;
  readonly what: string;
  readonly statement: string;
  /** The simplest that does the same. */
  readonly shrunk: string;
}

export interface GeneratorResult {
  readonly statements: number;
  readonly by: Readonly<Record<Outcome, number>>;
  /** Allowed without a mask, and compared with what the database itself says. */
  readonly compared: number;
  readonly findings: readonly Finding[];
}

export interface GeneratorOptions {
  readonly seed: number;
  readonly budgetMs: number;
  /** Ends early after so many. Default 5. */
  readonly maxFindings?: number;
  readonly onRun?: (spentMs: number, budgetMs: number, statements: number) => void;
  readonly signal?: AbortSignal;
}

/** Makes statements until the time is over, and says each to both databases through the gateway, and to one past it. */
export async function runGenerator(world: LeakWorld, options: GeneratorOptions): Promise<GeneratorResult> {
  await using lines = new Lines(world);
  const by: Record<Outcome, number> = { denied: 0, failed: 0, masked: 0, allowed: 0 };
  const findings: Finding[] = [];
  const startedMs = performance.now();
  let seed = options.seed;
  let compared = 0;
  for (; seed === options.seed || performance.now() - startedMs < options.budgetMs; seed += 1) {
    options.signal?.throwIfAborted();
    const tape = Tape.from(seed);
    const text = statement(tape);
    const way = wayOf(text, seed);
    const heard = await examine(lines, world, text, way);
    by[heard.outcome] += 1;
    if (heard.compared) compared += 1;
    options.onRun?.(performance.now() - startedMs, options.budgetMs, seed - options.seed + 1);
    if (heard.problem === undefined) continue;
    const kind = heard.problem.kind;
    const simplest = await shrink(tape.read, async (numbers) => {
      const candidate = statement(new Tape(numbers));
      return (await examine(lines, world, candidate, wayOf(candidate, seed))).problem?.kind === kind;
    });
    findings.push({ seed, way, what: heard.problem.what, statement: text, shrunk: statement(new Tape(simplest)) });
    if (findings.length >= (options.maxFindings ?? 5)) break;
  }
  return { statements: seed - options.seed, by, compared, findings };
}

/** Several statements in one message go simple; the others each way in turn. */
function wayOf(text: string, seed: number): Way {
  if (text.includes('; ')) return 'simple';
  return (['simple', 'extended text', 'extended binary'] as const)[seed % 3] ?? 'simple';
}

interface Problem {
  readonly kind: 'canary' | 'difference' | 'other rows';
  readonly what: string;
}

interface Examined {
  readonly outcome: Outcome;
  readonly compared: boolean;
  readonly problem: Problem | undefined;
}

async function examine(lines: Lines, world: LeakWorld, made: string, way: Way): Promise<Examined> {
  const asked = (side: Side): string => disguiseFor(side, world.lookups, made);
  const through = (side: Side) => lines.hear(`through ${side}`, side, asked(side), way);
  const [a, b] = await Promise.all(sides.map(through));
  if (!a || !b) throw new Error('there are two sides');
  const outcome = outcomeOf(a.messages);
  // Side A's values stand in statements, and may come back in any form.
  const { b: canaries } = world.canaries;
  const [piece] = [...scan(b.bytes, 'b', canaries), ...scanColumns(columnsOf(b.messages), 'b', canaries)];
  if (piece) return { outcome, compared: false, problem: { kind: 'canary', what: `${piece.piece} as ${piece.form}` } };
  const different = difference(comparable(a.messages), comparable(b.messages));
  if (different !== undefined) {
    const [again] = await Promise.all(sides.map(through));
    const steady = again && difference(comparable(a.messages), comparable(again.messages)) === undefined;
    return { outcome, compared: false, problem: steady ? { kind: 'difference', what: different } : undefined };
  }
  // A sequence goes on, whatever becomes of the row.
  if (outcome !== 'allowed' || /^(BEGIN; )?(INSERT|MERGE)/.test(made))
    return { outcome, compared: false, problem: undefined };
  const [da, db] = await Promise.all(sides.map((side) => lines.hear(`direct ${side}`, side, asked(side), way)));
  const what = da && db && otherRows(a.messages, da.messages, db.messages);
  return { outcome, compared: true, problem: what === undefined ? undefined : { kind: 'other rows', what } };
}

interface Heard {
  readonly messages: readonly WireMessage[];
  readonly bytes: Buffer;
}

/** Sessions that go on from statement to statement, as a client's do; one that ended, or is left in a transaction, is opened anew. */
class Lines implements AsyncDisposable {
  readonly #world: LeakWorld;
  readonly #open = new Map<string, Wire>();

  constructor(world: LeakWorld) {
    this.#world = world;
  }

  async hear(name: string, side: Side, text: string, way: Way): Promise<Heard> {
    const wire = this.#open.get(name) ?? (await this.#begin(name, side));
    const from = wire.heard.length;
    const messages = await say(wire, way, Buffer.from(text), [text]);
    const bytes = wire.heard.subarray(from);
    const idle = messages.at(-1)?.tag === 'Z' && messages.at(-1)?.body.toString() === 'I';
    if (!idle || wire.closed || from > maxHeardBytes) {
      this.#open.delete(name);
      await wire[Symbol.asyncDispose]();
    }
    return { messages, bytes };
  }

  async #begin(name: string, side: Side): Promise<Wire> {
    const wire = name.startsWith('direct')
      ? await this.#world.direct(side, 'postgres')
      : await this.#world.through(side, 'postgres');
    this.#open.set(name, wire);
    return wire;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const wire of this.#open.values()) await wire[Symbol.asyncDispose]();
  }
}

/** A wire keeps all that it heard. */
const maxHeardBytes = 1 << 20;
