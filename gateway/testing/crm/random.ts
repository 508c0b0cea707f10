/** Random choices that are the same at every run with the same seed. For made-up people, never for keys. */
export interface Chance {
  /** A whole number from `min` to `max`, both possible. */
  between(min: number, max: number): number;
  of<T>(list: readonly [T, ...T[]]): T;
  /** So many decimal digits. */
  digits(count: number): string;
  /** True once in so many times. */
  oneIn(times: number): boolean;
}

/** mulberry32: 32 bits of state, good enough to look random. */
export function chanceFrom(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    between,
    of: (list) => list[between(0, list.length - 1)] ?? list[0],
    digits: (count) => Array.from({ length: count }, () => String(between(0, 9))).join(''),
    oneIn: (times) => between(1, times) === 1,
  };
}
