import type { SqlAnalysis, SqlRequest } from './lineage/analysis.ts';
import { factsAlike, shapeOf, type Model } from './text/shape.ts';

/** Longer texts are not kept, in bytes. */
const maxKnownBytes = 16 * 1024;

/** Answers to texts, and to shapes of texts: valid until catalog or labels of their target change. */
export class Answers {
  readonly #texts: Kept<SqlAnalysis>;
  /** `unlike`: the facts depend on the numbers, so each text has to be read. */
  readonly #shapes: Kept<Model | 'unlike'>;

  /** @param max texts that are kept, and as many shapes */
  constructor(max: number) {
    this.#texts = new Kept(max);
    this.#shapes = new Kept(max);
  }

  /** The answer to this text, or to one that differs from it in nothing but numbers that no fact depends on. */
  get(request: SqlRequest): SqlAnalysis | undefined {
    if (request.text.length > maxKnownBytes) return undefined;
    const text = textOf(request);
    const place = placeOf(request);
    const found = this.#texts.get(place + text);
    if (found) return found;
    const shape = shapeOf(text);
    const model = shape === undefined ? undefined : this.#shapes.get(place + shape);
    return model === undefined || model === 'unlike' ? undefined : { ok: true, statements: [factsAlike(model, text)] };
  }

  /** Whether the text has a shape of which nothing is known yet. */
  wantsShape(request: SqlRequest): boolean {
    const shape = request.text.length > maxKnownBytes ? undefined : shapeOf(textOf(request));
    return shape !== undefined && !this.#shapes.has(placeOf(request) + shape);
  }

  /** @param alike whether the answer holds for every text of the shape; undefined where nobody looked */
  set(request: SqlRequest, analysis: SqlAnalysis, alike: boolean | undefined): void {
    if (request.text.length > maxKnownBytes) return;
    const text = textOf(request);
    const place = placeOf(request);
    this.#texts.set(place + text, analysis);
    const shape = alike === undefined ? undefined : shapeOf(text);
    if (shape === undefined) return;
    const [facts] = analysis.ok ? analysis.statements : [];
    this.#shapes.set(place + shape, alike === true && facts ? { facts, length: text.length } : 'unlike');
  }

  /** All that was said of a target: its catalog or its labels have changed. */
  forget(target: string): void {
    const place = `${target}\n`;
    this.#texts.forget(place);
    this.#shapes.forget(place);
  }
}

/** Texts that are equal as bytes are equal as Latin-1, and that is the cheapest string of them. Shaped texts are ASCII. */
function textOf(request: SqlRequest): string {
  return request.text.toString('latin1');
}

/** All that an answer depends on beside the text. */
function placeOf(request: SqlRequest): string {
  return `${request.target}\n${request.major}\n${pathName(request.searchPath)}\n`;
}

/** A session asks with the same path over and over. */
const pathNames = new WeakMap<readonly string[], string>();

function pathName(path: readonly string[]): string {
  const known = pathNames.get(path);
  if (known !== undefined) return known;
  const name = JSON.stringify(path);
  pathNames.set(path, name);
  return name;
}

/** As many values as fit; the one that was not used for longest goes first. */
class Kept<Value> {
  readonly #max: number;
  readonly #values = new Map<string, Value>();

  constructor(max: number) {
    this.#max = max;
  }

  get(name: string): Value | undefined {
    const found = this.#values.get(name);
    if (found === undefined) return undefined;
    // Last used goes last: the first is the one to forget.
    this.#values.delete(name);
    this.#values.set(name, found);
    return found;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
    if (this.#values.size <= this.#max) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }

  forget(prefix: string): void {
    for (const name of this.#values.keys()) if (name.startsWith(prefix)) this.#values.delete(name);
  }
}
