import { foldedName } from '../../contract/json-name.ts';
import type { CellMask } from '../../contract/mask.ts';
import { MaskImpossible } from '../../contract/result.ts';
import { sqlNull } from './cell.ts';

/** What hides the values at one path of a JSON document. */
export interface PathMask {
  /** Names of members, `*` for any member or element: `['contacts', '*', 'email']`. */
  readonly path: readonly string[];
  /** By the kind of value that is found there. */
  readonly masks: { readonly [kind in 'text' | 'integer' | 'decimal' | 'boolean' | 'json']: CellMask };
}

/**
 * Masks the values at these paths and leaves every other byte of the document as it is: order, spaces, digits of numbers, duplicates. Where two
 * paths meet in one value the first counts, so the most private comes first. In doubt it masks:
 * - names are compared as they are read, not as they are written (`\u0073sn`), without regard to case and to Unicode's compatibility forms;
 *   of members with the same name each counts
 * - an array where the path goes on with a name stands for each of its elements
 * - a string, number or boolean where the path goes on is masked as what the path leads to
 */
export function jsonPathMask(paths: readonly PathMask[]): CellMask {
  const starts = paths.map(({ path, masks }) => ({ names: path.map(foldedName), at: 0, masks }));
  return {
    method: 'partial',
    room: () => 0,
    // Who does not know how to have a value rewritten is left with NULL.
    write: () => sqlNull,
    rewrite: (value) => Buffer.from(new Document(value.toString('utf8')).rewrite(starts)),
  };
}

/** A path, as far as it has been followed. */
interface Step {
  readonly names: readonly string[];
  readonly at: number;
  readonly masks: PathMask['masks'];
}

/** Deeper documents are refused: nobody writes them by hand, and the reader is recursive. */
const maxDepth = 500;
const space = /[ \t\n\r]*/y;
const string = /"(?:[^"\\]|\\.)*"/y;
const word = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** One pass over a document's text. @throws MaskImpossible for what is no JSON */
class Document {
  readonly #text: string;
  #at = 0;
  readonly #parts: string[] = [];
  /** Text before this is in the parts or was masked away. */
  #copied = 0;

  constructor(text: string) {
    this.#text = text;
  }

  rewrite(steps: readonly Step[]): string {
    this.#value(steps, 0);
    if (this.#at !== this.#text.length) throw this.#wrong();
    this.#copy(this.#at);
    return this.#parts.join('');
  }

  #value(steps: readonly Step[], depth: number): void {
    if (depth > maxDepth) throw new MaskImpossible('a JSON document is too deep');
    this.#take(space);
    const from = this.#at;
    const arrived = steps.find(({ names, at }) => at === names.length);
    const first = this.#text[from];
    if (first === '{') this.#object(arrived ? [] : steps, depth);
    else if (first === '[') this.#array(arrived ? [] : steps, depth);
    else if (this.#take(first === '"' ? string : word) === '') throw this.#wrong();
    const isScalar = first !== '{' && first !== '[';
    const hidden = arrived ?? (isScalar ? steps[0] : undefined);
    if (hidden) this.#mask(hidden.masks, from);
    this.#take(space);
  }

  #object(steps: readonly Step[], depth: number): void {
    this.#items('}', () => {
      this.#take(space);
      const name = foldedName(stringOf(this.#take(string)));
      this.#take(space);
      if (this.#text[this.#at++] !== ':') throw this.#wrong();
      this.#value(steps.filter(({ names, at }) => names[at] === '*' || names[at] === name).map(next), depth + 1);
    });
  }

  #array(steps: readonly Step[], depth: number): void {
    const inside = steps.map((step) => (step.names[step.at] === '*' ? next(step) : step));
    this.#items(']', () => this.#value(inside, depth + 1));
  }

  /** What stands between the brackets, one after the other. */
  #items(end: string, item: () => void): void {
    this.#at++;
    this.#take(space);
    if (this.#text[this.#at] === end) {
      this.#at++;
      return;
    }
    for (;;) {
      item();
      const behind = this.#text[this.#at++];
      if (behind === end) return;
      if (behind !== ',') throw this.#wrong();
    }
  }

  /** Puts the masked form in the place of the text from `from` on. */
  #mask(masks: PathMask['masks'], from: number): void {
    const written = this.#text.slice(from, this.#at);
    if (written === 'null') return;
    this.#copy(from);
    this.#parts.push(maskedValue(masks, written));
    this.#copied = this.#at;
  }

  #copy(to: number): void {
    this.#parts.push(this.#text.slice(this.#copied, to));
    this.#copied = to;
  }

  #take(what: RegExp): string {
    what.lastIndex = this.#at;
    const found = what.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #wrong(): MaskImpossible {
    return new MaskImpossible(`a value is not JSON at character ${this.#at}`);
  }
}

function next(step: Step): Step {
  return { ...step, at: step.at + 1 };
}

function stringOf(written: string): string {
  try {
    return String(JSON.parse(written));
  } catch {
    throw new MaskImpossible('a name in a JSON document is not a string');
  }
}

function maskedValue(masks: PathMask['masks'], written: string): string {
  switch (written[0]) {
    case '"': {
      const text = applied(masks.text, stringOf(written));
      return text === null ? 'null' : JSON.stringify(text);
    }
    case '{':
    case '[':
      return applied(masks.json, written) ?? 'null';
    case 't':
    case 'f':
      return applied(masks.boolean, written) === 'f' ? 'false' : 'null';
    default:
      return applied(/^-?\d+$/.test(written) ? masks.integer : masks.decimal, written) ?? 'null';
  }
}

function applied(mask: CellMask, text: string): string | null {
  const value = Buffer.from(text);
  const scratch = Buffer.alloc(mask.room(value.length));
  const written = mask.write(value, 0, value.length, scratch, 0);
  return written < 0 ? null : scratch.toString('utf8', 0, written);
}
