import type { Detector } from '../../contract/detector.ts';
import type { MaskMethod } from '../../contract/decision.ts';
import type { CellMask, ValueShape } from '../../contract/mask.ts';
import { MaskImpossible, type Field, type Message } from '../../contract/result.ts';
import { cell, put, sqlNull } from '../masking/cell.ts';
import { emptyJson, hiddenText } from '../masking/redact.ts';
import { detect } from './detect.ts';

const hidden = Buffer.from(hiddenText);

/**
 * The second layer: texts that no label covers, searched by what they look like. What is found leaves as `***`, a JSON document that holds
 * it as an empty one, and under the method `null` the whole value as NULL. Milder methods redact here: of a part of a text they could leave
 * what they hide of a whole value. What no detector recognises leaves as it is, so nothing may rely on this alone.
 */
export class Search {
  readonly #wanted: ReadonlySet<Detector>;
  /** Whose match takes the whole value with it. */
  readonly #erasing: ReadonlySet<Detector>;
  readonly #text: CellMask;
  readonly #json: CellMask;

  constructor(detectors: ReadonlyMap<Detector, MaskMethod>) {
    this.#wanted = new Set(detectors.keys());
    this.#erasing = new Set([...detectors].flatMap(([detector, method]) => (method === 'null' ? [detector] : [])));
    // Every match is longer than what takes its place, and an empty document than no document with a match in it.
    // Not `redact`: a redacted array shows none of its elements, and here each is searched by itself.
    this.#text = cell('partial', 0, 0, (source, start, end, target, at) => this.#write(source, start, end, target, at));
    this.#json = cell('partial', 5, 0, (source, start, end, target, at) => {
      const found = detect(source, start, end, this.#wanted);
      if (found.length === 0) return source.copy(target, at, start, end);
      return this.#erases(found) ? sqlNull : emptyJson(source, start, end, target, at);
    });
  }

  /** The mask of each column that holds texts; undefined for the others, which nothing is searched in. */
  masksOf(fields: readonly Field[]): readonly (CellMask | undefined)[] {
    return fields.map(({ shape }) => this.#maskOf(shape));
  }

  /** A notice or an error with what is found in its texts hidden. */
  message(message: Message): Message {
    const { text, detail, hint } = message;
    return {
      ...message,
      text: this.text(text),
      ...(detail !== undefined && { detail: this.text(detail) }),
      ...(hint !== undefined && { hint: this.text(hint) }),
    };
  }

  text(text: string): string {
    const source = Buffer.from(text);
    const target = Buffer.allocUnsafe(source.length);
    const written = this.#write(source, 0, source.length, target, 0);
    return written < 0 ? hiddenText : target.toString('utf8', 0, written);
  }

  #maskOf(shape: ValueShape): CellMask | undefined {
    switch (shape) {
      case 'text':
        return this.#text;
      case 'json':
        return this.#json;
      case 'integer':
      case 'decimal':
      case 'boolean':
      case 'date':
      case 'timestamp':
      case 'timestamptz':
      case 'time':
      case 'timetz':
      case 'uuid':
      case 'bytes':
      case 'interval':
      case 'money':
      case 'bit':
      case 'varbit':
      case 'network':
      case 'macaddr':
      case 'xml':
      case 'range':
      case 'multirange':
      case 'hstore':
      case 'row':
      case 'other':
        return undefined;
      default:
        return shape satisfies never;
    }
  }

  #write(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
    const found = detect(source, start, end, this.#wanted);
    if (found.length === 0) return source.copy(target, at, start, end);
    if (this.#erases(found)) return sqlNull;
    let [to, from] = [at, start];
    for (const match of found) {
      to += source.copy(target, to, from, match.start);
      if (match.end - match.start < hidden.length) throw new MaskImpossible('a match is too short to be hidden');
      to += put(hidden, target, to);
      from = match.end;
    }
    return to + source.copy(target, to, from, end) - at;
  }

  #erases(found: ReturnType<typeof detect>): boolean {
    return this.#erasing.size > 0 && found.some(({ detector }) => this.#erasing.has(detector));
  }
}
