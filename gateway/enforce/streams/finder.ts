import type { Detector } from '../../contract/detector.ts';
import { detectorsIn, labelOf } from '../../contract/detector.ts';
import type { Decision, MaskMethod } from '../../contract/decision.ts';
import { namesPattern, patternOf, type SearchPattern } from '../../contract/pattern.ts';
import { MaskImpossible } from '../../contract/result.ts';
import { alnum, atom, beyond, is, isSeparator, joiner } from '../detectors/bytes.ts';
import { detect } from '../detectors/detect.ts';
import { privateKeyClosing } from '../detectors/token.ts';

/** Bytes of a stream that leave as `***`, or as nothing where a mask is to hide that there was something. */
export interface Hidden {
  readonly start: number;
  readonly end: number;
  readonly leavesNothing: boolean;
  /** The masks that found it. */
  readonly labels: readonly string[];
  /** It goes on until this has come. */
  readonly closing?: Buffer;
}

/** Of lines that are looked at together, at least. Of more, each is searched by itself where one of them holds something. */
const glanceBytes = 1_024;
const newline = 10;
const carriageReturn = 13;

/** What the masks of one decision find in a piece of a stream. */
export class Finder {
  readonly #detectors: ReadonlySet<Detector>;
  readonly #erasing: ReadonlySet<Detector>;
  readonly #patterns: readonly {
    readonly pattern: SearchPattern;
    readonly leavesNothing: boolean;
    readonly labels: readonly string[];
  }[];
  /** Expressions are read line by line: of a line that is not whole nothing is known. */
  readonly #byLine: boolean;

  /** @throws MaskImpossible when one of the masks is none that a stream carries */
  constructor(masks: Decision['masks']) {
    const detectors = detectorsIn(masks) ?? new Map<Detector, MaskMethod>();
    this.#detectors = new Set(detectors.keys());
    this.#erasing = new Set([...detectors].flatMap(([detector, method]) => (method === 'null' ? [detector] : [])));
    this.#patterns = Object.entries(masks).flatMap(([label, method]) => {
      if (!namesPattern(label)) return [];
      const pattern = patternOf(label);
      if (typeof pattern === 'string') throw new MaskImpossible(pattern);
      return [{ pattern, leavesNothing: method === 'null', labels: [label] }];
    });
    this.#byLine = this.#patterns.length > 0;
    if (detectors.size + this.#patterns.length !== Object.keys(masks).length)
      throw new MaskImpossible('a stream has no columns: it carries masks by detector and by pattern');
  }

  /** Whether a piece that does not end with a break may be searched at all. */
  get readsWholeLines(): boolean {
    return this.#byLine;
  }

  /** What no match of any kind goes across, but for a private key. */
  isBreak(byte: number): boolean {
    return this.#byLine ? byte === newline || byte === carriageReturn : isStop(byte);
  }

  /** From left to right, none over another. @param from what lies before is only looked at */
  find(source: Buffer, from: number, end: number): readonly Hidden[] {
    if (!this.#byLine) return this.#detected(source, from, end);
    const found: Hidden[] = [];
    let glance = { until: from, found: false };
    for (let start = from, context = 0; start < end;) {
      if (start >= glance.until) glance = this.#glance(source, context, start, end);
      const last = this.#lineEnd(source, start, end);
      const detected = this.#detected(source, start, last, context);
      const line = glance.found ? joined([...detected, ...this.#matched(source, context, start, last)]) : detected;
      found.push(...line);
      const open = line.at(-1);
      if (open?.closing) {
        const closed = source.subarray(0, end).indexOf(open.closing, open.start);
        if (closed < 0) {
          found[found.length - 1] = { ...open, end };
          return found;
        }
        const until = closed + open.closing.length;
        const { start: first, leavesNothing, labels } = open;
        found[found.length - 1] = { start: first, end: until, leavesNothing, labels };
        [start, context] = [until, closed];
        // The rest of the line is one of its own.
        glance = { until, found: false };
      } else [start, context] = [last, last];
    }
    return found;
  }

  /** Whether an expression may match in one of the lines from here on, and up to where that holds. Most lines hold nothing. */
  #glance(
    source: Buffer,
    context: number,
    start: number,
    end: number,
  ): { readonly until: number; readonly found: boolean } {
    const until = this.#lineEnd(source, start + glanceBytes, end);
    const lines = source.toString('latin1', context, until);
    return { until, found: this.#patterns.some(({ pattern }) => pattern.mayBeIn(lines)) };
  }

  #lineEnd(source: Buffer, start: number, end: number): number {
    for (let i = start; i < end; i++) if (this.isBreak(source[i] ?? 0)) return i + 1;
    return end;
  }

  #detected(source: Buffer, from: number, end: number, context = 0): readonly Hidden[] {
    if (this.#detectors.size === 0) return [];
    const found = detect(source, context, end, this.#detectors, from);
    return found.map(({ detector, start, end: until }) => {
      const one = { start, end: until, leavesNothing: this.#erasing.has(detector), labels: [labelOf(detector)] };
      if (detector !== 'token' || until !== end) return one;
      const name = privateKeyClosing({ source, start: context, end }, start);
      const closing = name === undefined ? undefined : Buffer.from(name, 'latin1');
      const isWhole = !closing || source.subarray(start, until).includes(closing);
      return isWhole ? one : { ...one, closing };
    });
  }

  #matched(source: Buffer, context: number, from: number, end: number): readonly Hidden[] {
    const last = source[end - 1];
    const isWhole = last !== undefined && this.isBreak(last);
    const line = source.toString('latin1', context, isWhole ? end - 1 : end);
    return this.#patterns.flatMap(({ pattern, ...what }) =>
      pattern.spans(line, from - context).map(([a, b]) => ({ start: a + context, end: b + context, ...what })),
    );
  }
}

/** Bytes that are in none of what detectors recognise. */
function isStop(byte: number): boolean {
  return !is(byte, alnum | joiner | atom | beyond) && !isSeparator(byte) && byte !== 0x40;
}

/** What overlaps or touches becomes one; it leaves nothing only where all of it does. */
function joined(found: readonly Hidden[]): readonly Hidden[] {
  if (found.length < 2) return found;
  const out: Hidden[] = [];
  for (const one of [...found].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const before = out.at(-1);
    if (!before || before.end <= one.start) {
      out.push(one);
      continue;
    }
    const closing = before.closing ?? one.closing;
    out[out.length - 1] = {
      start: before.start,
      end: Math.max(before.end, one.end),
      leavesNothing: before.leavesNothing && one.leavesNothing,
      labels: [...new Set([...before.labels, ...one.labels])],
      ...(closing && { closing }),
    };
  }
  return out;
}
