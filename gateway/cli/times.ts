import { InvalidArgumentError } from 'commander';

const units: { readonly [unit: string]: number } = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** A point in time as people type it: `15m`, `2h`, `7d` ago, a date, or RFC 3339. @returns RFC 3339, UTC */
export function parseTime(text: string): string {
  const ago = /^(\d{1,6})([smhdw])$/.exec(text);
  if (ago) return new Date(Date.now() - Number(ago[1]) * (units[ago[2] ?? ''] ?? 0)).toISOString();
  const at = /^\d{4}-\d\d-\d\d(T|$)/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return new Date(at).toISOString();
  throw new InvalidArgumentError('expected a time such as 15m, 2h, 7d, 2026-11-21 or 2026-11-21T09:30:00Z');
}

/** A count from 1 to `max`. */
export function parseCount(max: number): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (Number.isInteger(n) && n >= 1 && n <= max) return n;
    throw new InvalidArgumentError(`expected a whole number from 1 to ${String(max)}`);
  };
}
