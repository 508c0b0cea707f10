import { chanceFrom } from '../../crm/random.ts';

/**
 * The choices that make one statement, as numbers. The same tape makes the same statement; where it ends every choice is the first, which is
 * the simplest. So a shorter tape, or smaller numbers on it, make a simpler statement: see shrink.ts.
 */
export class Tape {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  static from(seed: number): Tape {
    const chance = chanceFrom(seed);
    return new Tape(Array.from({ length: tapeLength }, () => chance.between(0, 0x3fff_ffff)));
  }

  /** What was read so far. */
  get read(): readonly number[] {
    return this.#numbers.slice(0, this.#at);
  }

  /** A whole number from 0 to `count - 1`. */
  take(count: number): number {
    const number = this.#numbers[this.#at];
    if (number === undefined) return 0;
    this.#at += 1;
    return number % count;
  }

  /** True so many times in a hundred; false at the end of the tape. */
  odds(percent: number): boolean {
    return this.take(100) >= 100 - percent;
  }

  of<T>(list: readonly [T, ...T[]]): T {
    return list[this.take(list.length)] ?? list[0];
  }

  /** One of these, each as likely as its weight. The first is what is simplest. */
  weighted<T>(list: readonly [readonly [number, T], ...(readonly [number, T])[]]): T {
    let left = this.take(list.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of list) {
      if (left < weight) return value;
      left -= weight;
    }
    return list[0][1];
  }
}

const tapeLength = 600;
