import type { CellMask, Values } from '../../contract/mask.ts';
import { sqlNull } from './cell.ts';
import { oneBuffer, type Form } from './form.ts';
import type { Prf } from './prf.ts';
import { RecentValues } from './recent-values.ts';

/** Values longer than this are not remembered: they rarely repeat, and would fill the memory. */
const maxRememberedBytes = 128;

/** After so many attempts a form has nothing else to give, and the cell becomes NULL. */
const maxAttempts = 64;

/** A cell mask over a keyed form. What it says for a value is never the value itself. */
export function keyedMask(method: 'hash' | 'tokenize', prf: Prf, form: Form): CellMask {
  const recent = new RecentValues<Buffer | null>(2048);

  const column = (values: Values): Values => {
    const { bytes, starts, ends, count } = values;
    const draws = prf.draw(values, 0, form.random);
    let room = 0;
    for (let i = 0; i < count; i++) room += form.room(Math.max(0, (ends[i] ?? 0) - (starts[i] ?? 0)));
    const target = oneBuffer(room);
    const masked = { bytes: target, starts: new Int32Array(count), ends: new Int32Array(count), count };
    let at = 0;
    for (let i = 0; i < count; i++) {
      const [start = 0, end = 0] = [starts[i], ends[i]];
      let written = sqlNull;
      if (end >= start) {
        written = form.write(bytes, start, end, draws.bytes, draws.at[i] ?? 0, target, at);
        if (isSame(bytes, start, end, target, at, written)) written = again(bytes, start, end, target, at);
      }
      masked.starts[i] = at;
      masked.ends[i] = at + written;
      if (written > 0) at += written;
    }
    return masked;
  };

  /** Another output for a value whose first one was the value itself. */
  const again = (source: Buffer, start: number, end: number, target: Buffer, at: number): number => {
    const values = { bytes: source, starts: Int32Array.of(start), ends: Int32Array.of(end), count: 1 };
    for (let attempt = 1; attempt < maxAttempts; attempt++) {
      const draws = prf.draw(values, attempt, form.random);
      const written = form.write(source, start, end, draws.bytes, 0, target, at);
      if (!isSame(source, start, end, target, at, written)) return written;
    }
    return sqlNull;
  };

  const compute = (source: Buffer, start: number, end: number): Buffer | null => {
    const one = column({ bytes: source, starts: Int32Array.of(start), ends: Int32Array.of(end), count: 1 });
    const length = one.ends[0] ?? sqlNull;
    if (length < 0) return null;
    // Outside Node's shared pool: a remembered value would keep 8 KiB of it alive.
    const own = Buffer.allocUnsafeSlow(length);
    one.bytes.copy(own, 0, 0, length);
    return own;
  };

  const remembered = (source: Buffer, start: number, end: number): Buffer | null => {
    if (end - start > maxRememberedBytes) return compute(source, start, end);
    const name = source.toString('latin1', start, end);
    const known = recent.get(name);
    if (known !== undefined) return known;
    const masked = compute(source, start, end);
    recent.set(name, masked);
    return masked;
  };

  return {
    method,
    room: form.room,
    write: (source, start, end, target, at) => remembered(source, start, end)?.copy(target, at) ?? sqlNull,
    column,
  };
}

function isSame(source: Buffer, start: number, end: number, target: Buffer, at: number, written: number): boolean {
  if (written !== end - start) return false;
  for (let i = 0; i < written; i++) if (source[start + i] !== target[at + i]) return false;
  return true;
}
