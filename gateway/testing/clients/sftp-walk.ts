import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { z } from 'zod';

const names = z.array(z.string()).transform((found) => found.toSorted());

/** What every sftp library does in an empty directory of the host, whatever its language, and tells as JSON. Olga may do everything there, Ana only look. */
export const sftpWalk = z.strictObject({
  /** Of `up`, a million bytes, `i % 251`, that Olga has put there. */
  size: z.number(),
  /** SHA-256 of what she got back. */
  back: z.string(),
  /** Four bytes from byte 500,000 on, in hexadecimal. */
  piece: z.string(),
  /** What is in the directory when `sub` is made, `up` renamed to `sub/moved`, and `link` a symbolic link to it. */
  listed: names,
  leadsTo: z.string(),
  /** Of what `link` leads to, set to 0640. */
  mode: z.number(),
  /** Its size, cut to 10. */
  cut: z.number(),
  /** Ana removes `sub/moved`: whether it is the library's own error for that, and its text, where the library keeps one. */
  denied: z.strictObject({ isPermissionError: z.boolean(), text: z.string().nullable() }),
  /** What Ana then sees in `sub`. */
  afterDenial: names,
  /** Whether a file that is not there is the library's own error for that. */
  missing: z.boolean(),
  /** What is in the directory when Olga has removed all of it. */
  left: names,
});

/** @returns the text of the denial, where the library keeps one */
export function expectSftpWalk(told: string): string | null {
  const { denied, ...walk } = sftpWalk.parse(JSON.parse(told));
  const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => i % 251));
  expect(walk).toEqual({
    ...{ size: bytes.length, back: createHash('sha256').update(bytes).digest('hex') },
    ...{ piece: bytes.subarray(500_000, 500_004).toString('hex'), listed: ['link', 'sub'], leadsTo: 'sub/moved' },
    ...{ mode: 0o640, cut: 10, afterDenial: ['moved'], missing: true, left: [] },
  });
  expect(denied.isPermissionError).toBe(true);
  return denied.text;
}
