import { randomBytes } from 'node:crypto';
import type { HoldId } from '../contract/ids.ts';
import { asId } from '../contract/ids.ts';

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID: 48 bits of milliseconds, then 80 random bits, in Crockford's base 32. github.com/ulid/spec */
export function newHoldId(nowMs: number): HoldId {
  let value = (BigInt(nowMs) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`);
  let text = '';
  for (let i = 0; i < 26; i++) {
    text = crockford.charAt(Number(value & 31n)) + text;
    value >>= 5n;
  }
  return asId<HoldId>(text);
}

/** The form of an id that came from outside. */
export function isHoldId(text: string): text is HoldId {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
}
