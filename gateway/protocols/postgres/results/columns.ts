import type { CellMask, ColumnMasks, Values } from '../../../contract/mask.ts';
import { MaskImpossible } from '../../../contract/result.ts';
import { Sink } from './sink.ts';

/**
 * Masks that take a column's values together get them so: the rows are gone through once to gather the values, as each wire form writes them, and
 * once more to put the masked ones in their places. Masks of the other columns take part in the second pass only.
 * @param gather shows each value to its column's mask; what the masks say is thrown away
 * @param rewrite goes through the same values in the same order
 * @throws MaskImpossible as both do
 */
export function inColumns<T>(
  masks: ColumnMasks,
  gather: (masks: ColumnMasks) => unknown,
  rewrite: (masks: ColumnMasks) => T,
): T {
  if (!masks.some((mask) => mask?.column)) return rewrite(masks);
  const gathered = masks.map((mask) => (mask?.column ? new Gathered(mask, mask.column) : undefined));
  gather(gathered.map((column) => column?.gathering()));
  const result = rewrite(masks.map((mask, i) => gathered[i]?.replaying() ?? mask));
  for (const column of gathered) column?.assertAllUsed();
  return result;
}

/** The values of one column of one batch. */
class Gathered {
  readonly #mask: CellMask;
  readonly #maskAll: (values: Values) => Values;
  readonly #values = new Sink(4096);
  #ends = new Int32Array(512);
  #count = 0;
  #used = 0;

  constructor(mask: CellMask, maskAll: (values: Values) => Values) {
    this.#mask = mask;
    this.#maskAll = maskAll;
  }

  /** Remembers what it is asked to mask. What it says of it is thrown away with the rows of the first pass. */
  gathering(): CellMask {
    return {
      method: this.#mask.method,
      room: () => 0,
      write: (source, start, end) => {
        this.#values.copy(source, start, end);
        if (this.#count === this.#ends.length) {
          const grown = new Int32Array(this.#count * 2);
          grown.set(this.#ends);
          this.#ends = grown;
        }
        this.#ends[this.#count++] = this.#values.at;
        return -1;
      },
    };
  }

  /** Says of the n-th value what became of the n-th that was gathered. */
  replaying(): CellMask {
    const { bytes, starts, ends } = this.#maskAll(this.#all());
    const length = () => (ends[this.#used] ?? 0) - (starts[this.#used] ?? 0);
    return {
      method: this.#mask.method,
      room: () => Math.max(0, length()),
      write: (_source, start, end, target, at) => {
        const i = this.#used;
        if (i >= this.#count || end - start !== this.#lengthOf(i))
          throw new MaskImpossible('the rows are not what they were');
        const masked = length();
        this.#used++;
        if (masked < 0) return -1;
        const from = starts[i] ?? 0;
        // A call into the engine's copy costs more than a short loop.
        if (masked >= 48) bytes.copy(target, at, from, from + masked);
        else for (let k = 0; k < masked; k++) target[at + k] = bytes[from + k] ?? 0;
        return masked;
      },
    };
  }

  /** @throws MaskImpossible when the second pass had fewer values than the first */
  assertAllUsed(): void {
    if (this.#used !== this.#count) throw new MaskImpossible('the rows are not what they were');
  }

  #all(): Values {
    const starts = new Int32Array(this.#count);
    for (let i = 1; i < starts.length; i++) starts[i] = this.#ends[i - 1] ?? 0;
    return { bytes: this.#values.buffer, starts, ends: this.#ends, count: this.#count };
  }

  #lengthOf(i: number): number {
    return (this.#ends[i] ?? 0) - (i === 0 ? 0 : (this.#ends[i - 1] ?? 0));
  }
}
