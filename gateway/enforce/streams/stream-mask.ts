import type { Sent } from '../../contract/result.ts';
import { hiddenText } from '../masking/redact.ts';
import type { Finder, Hidden } from './finder.ts';
import { undecidedFrom } from './undecided.ts';

/** What is held back of a stream at most: of a stretch this long without a break the first part leaves. */
export const windowBytes = 16_384;
/** What of that stays, so that a match may lie across. Longer ones may show their beginning. */
export const overlapBytes = 8_192;
/** What a detector looks back at. */
const contextBytes = 256;

const hidden = Buffer.from(hiddenText);
const star = '*';
const nothing = Buffer.alloc(0);

/**
 * Hides what is found in one stream of bytes, whatever they are. What is not decided yet is held back: what follows the last byte that no
 * match goes across. So what leaves is the same wherever the stream is cut, but for what `quiet` lets go.
 * Where lengths are to stay, a star stands for each byte that is hidden, and nothing can be left out.
 */
export class StreamMask {
  readonly #finder: Finder;
  readonly #keepsLengths: boolean;
  readonly #hidden = new Map<string, number>();
  /** Where something that goes on is hidden: until this has come, or until the next break. */
  #hiding: Buffer | 'until-break' | undefined;
  /** What is not settled, behind what is settled and only looked at. */
  #held: Buffer = nothing;
  #settled = 0;
  /** Up to here it has left; past `#settled` only where there was a pause. */
  #shown = 0;

  constructor(finder: Finder, { keepsLengths = false } = {}) {
    this.#finder = finder;
    this.#keepsLengths = keepsLengths;
  }

  /** How many places were hidden so far, by the mask that found them. */
  get hidden(): ReadonlyMap<string, number> {
    return this.#hidden;
  }

  /** Bytes that wait for what follows them. */
  get waiting(): number {
    return this.#hiding === undefined ? this.#held.length - this.#shown : 0;
  }

  /** @returns what may leave */
  push(bytes: Buffer): Buffer {
    const out: Buffer[] = [];
    for (let rest = bytes; rest.length > 0;) {
      if (this.#hiding !== undefined) {
        rest = this.#hide(rest, this.#hiding, out);
        continue;
      }
      const searched = this.#held.length;
      const room = windowBytes - searched;
      this.#held = Buffer.concat([this.#held, rest.subarray(0, room)]);
      const taken = this.#held.length - searched;
      rest = rest.subarray(taken);
      const end = this.#afterLastBreak(searched);
      // Taken as if they came one by one: a stretch without a break is as long in one piece as in many.
      if (end > this.#settled) rest = this.#settle(end, rest, out);
      else if (this.#held.length === windowBytes) this.#settleFull(out);
    }
    return Buffer.concat(out);
  }

  /** For a pause: what of the rest is the beginning of nothing leaves, so that prompts are seen. */
  quiet(): Buffer {
    if (this.waiting === 0 || this.#finder.readsWholeLines) return nothing;
    const found = this.#finder.find(this.#held, this.#settled, this.#held.length);
    const undecided = undecidedFrom(this.#held, this.#settled);
    const across = found.find(({ start, end }) => start < undecided && end > undecided);
    const end = across ? across.start : undecided;
    if (end <= this.#shown) return nothing;
    const out: Buffer[] = [];
    this.#show(
      found.filter((one) => one.end <= end),
      end,
      out,
    );
    return Buffer.concat(out);
  }

  /** The stream is over. @returns the rest */
  end(): Buffer {
    if (this.#hiding !== undefined) return nothing;
    const out: Buffer[] = [];
    this.#show(this.#finder.find(this.#held, this.#settled, this.#held.length), this.#held.length, out);
    this.#held = nothing;
    this.#settled = this.#shown = 0;
    return Buffer.concat(out);
  }

  #afterLastBreak(from: number): number {
    for (let i = this.#held.length - 1; i >= from; i--) if (this.#finder.isBreak(this.#held[i] ?? 0)) return i + 1;
    return 0;
  }

  /** Up to a break: nothing that follows bears on it. @returns what is still to be pushed */
  #settle(end: number, rest: Buffer, out: Buffer[]): Buffer {
    const found = this.#finder.find(this.#held, this.#settled, end);
    this.#show(found, end, out);
    const open = found.at(-1);
    this.#hiding = open?.end === end ? open.closing : undefined;
    const behind = this.#held.subarray(end);
    this.#held = this.#hiding ? nothing : behind;
    this.#settled = this.#shown = 0;
    return this.#hiding ? Buffer.concat([behind, rest]) : rest;
  }

  /** A whole window without a break: what begins in its first part is decided. */
  #settleFull(out: Buffer[]): void {
    const first = windowBytes - overlapBytes;
    const found = this.#finder.find(this.#held, this.#settled, windowBytes).filter(({ start }) => start < first);
    const last = found.at(-1);
    const end = Math.max(first, last?.end ?? 0);
    this.#show(found, end, out);
    if (end === windowBytes && last) {
      // Who knows how far it goes.
      this.#hiding = last.closing ?? 'until-break';
      // A part of what closes it may be there already.
      this.#held = last.closing ? this.#held.subarray(1 - last.closing.length) : nothing;
      this.#settled = this.#shown = 0;
      return;
    }
    const context = Math.min(contextBytes, end);
    this.#held = this.#held.subarray(end - context);
    this.#settled = context;
    this.#shown -= end - context;
  }

  /** Lets everything up to `end` leave but what was found. A match of which a part was shown is hidden from there on. */
  #show(found: readonly Hidden[], end: number, out: Buffer[]): void {
    for (const { start, end: until, leavesNothing, labels } of found) {
      if (until <= this.#shown) continue;
      if (start > this.#shown) out.push(this.#held.subarray(this.#shown, start));
      if (this.#keepsLengths) out.push(stars(until - Math.max(start, this.#shown)));
      else if (!leavesNothing) out.push(hidden);
      for (const label of labels) this.#hidden.set(label, (this.#hidden.get(label) ?? 0) + 1);
      this.#shown = until;
    }
    if (end > this.#shown) out.push(this.#held.subarray(this.#shown, end));
    this.#shown = Math.max(this.#shown, end);
  }

  /** @returns what comes behind what is hidden */
  #hide(bytes: Buffer, until: Buffer | 'until-break', out: Buffer[]): Buffer {
    const rest = until === 'until-break' ? this.#behindBreak(bytes) : this.#behindClosing(bytes, until);
    if (this.#keepsLengths) out.push(stars(bytes.length - rest.length));
    return rest;
  }

  #behindBreak(bytes: Buffer): Buffer {
    const at = bytes.findIndex((byte) => this.#finder.isBreak(byte));
    if (at < 0) return nothing;
    this.#hiding = undefined;
    return bytes.subarray(at);
  }

  #behindClosing(bytes: Buffer, closing: Buffer): Buffer {
    const seen = Buffer.concat([this.#held, bytes]);
    const at = seen.indexOf(closing);
    if (at < 0) {
      this.#held = seen.subarray(Math.max(0, seen.length - closing.length + 1));
      return nothing;
    }
    this.#hiding = undefined;
    this.#held = closing;
    this.#settled = this.#shown = closing.length;
    return seen.subarray(at + closing.length);
  }
}

/** What several of them hid together; undefined where they hid nothing. */
export function hiddenIn(masks: Iterable<StreamMask>): Sent['hidden'] {
  const sums: { [label: string]: number } = {};
  for (const { hidden: counts } of masks) for (const [label, count] of counts) sums[label] = (sums[label] ?? 0) + count;
  return Object.keys(sums).length > 0 ? sums : undefined;
}

function stars(count: number): Buffer {
  return Buffer.alloc(count, star);
}
