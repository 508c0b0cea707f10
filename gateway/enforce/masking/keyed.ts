import type { CellMask } from '../../contract/mask.ts';
import { sqlNull } from './cell.ts';
import { maxFormBytes, type Form } from './hash.ts';
import { RecentValues } from './recent-values.ts';

/** Values longer than this are not remembered: they rarely repeat, and would fill the memory. */
const maxRememberedBytes = 128;

/** After so many attempts a form has nothing else to give, and the cell becomes NULL. */
const maxAttempts = 64;

/** A cell mask over a keyed form. What it says for a value is never the value itself. */
export function keyedMask(method: 'hash' | 'tokenize', form: Form, mayRepeat: boolean): CellMask {
  const recent = new RecentValues<Buffer | null>(2048);
  const compute = (value: Buffer): Buffer | null => {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const masked = form(value, attempt);
      if (masked === null) return null;
      const bytes = typeof masked === 'string' ? ownBytes(masked) : masked;
      if (mayRepeat || !bytes.equals(value)) return bytes;
    }
    return null;
  };
  const remembered = (source: Buffer, start: number, end: number): Buffer | null => {
    if (end - start > maxRememberedBytes) return compute(source.subarray(start, end));
    const name = source.toString('latin1', start, end);
    const known = recent.get(name);
    if (known !== undefined) return known;
    const masked = compute(source.subarray(start, end));
    recent.set(name, masked);
    return masked;
  };
  return {
    method,
    room: (inputBytes) => Math.max(inputBytes, maxFormBytes),
    write: (source, start, end, target, at) => {
      const masked = remembered(source, start, end);
      return masked === null ? sqlNull : masked.copy(target, at);
    },
  };
}

/** Outside Node's shared pool: a remembered value would keep 8 KiB of it alive. */
function ownBytes(ascii: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(ascii.length);
  bytes.write(ascii, 'latin1');
  return bytes;
}
