import { randomBytes } from 'node:crypto';
import { asId, type RequestId } from '../contract/ids.ts';

/** Asking the system for randomness costs more than using it: it is asked for many ids at once. */
const poolBytes = 5_120;
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A source of ULIDs (github.com/ulid/spec): 48 bits of milliseconds, 80 random bits, Crockford base 32.
 * Within one millisecond the random part counts up, so ids sort in the order in which they were given.
 */
export function openIds(now: () => number): () => RequestId {
  let lastMs = -1;
  let timePart = '';
  let high = '';
  let low = 0;
  let pool = Buffer.alloc(0);
  let at = 0;
  return () => {
    const ms = now();
    if (ms > lastMs) {
      lastMs = ms;
      timePart = encode(ms, 10);
      if (at + 10 > pool.length) {
        pool = randomBytes(poolBytes);
        at = 0;
      }
      high = encode(pool.readUIntBE(at, 5), 8);
      // Headroom of 2^39 ids in one millisecond: the counter cannot reach its end.
      low = pool.readUIntBE(at + 5, 5) % 2 ** 39;
      at += 10;
    } else low++;
    return asId<RequestId>(timePart + high + encode(low, 8));
  };
}

function encode(value: number, length: number): string {
  let text = '';
  for (let rest = value, i = 0; i < length; i++) {
    text = alphabet[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
