import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { z } from 'zod';

/** What every SSH client library does, whatever its language, and tells as JSON. Olga may do everything on the host, Ana only look. */
export const sshWalk = z.strictObject({
  /** `echo out; echo err >&2; exit 7` */
  ran: z.strictObject({ code: z.number(), out: z.string(), err: z.string() }),
  /** SHA-256 of what `cat` gave back: a million bytes, `i % 251`. */
  echoed: z.string(),
  /** Ana's `touch`. */
  denied: z.strictObject({ code: z.number(), out: z.string(), err: z.string() }),
  /** `echo still here` over the same connection. */
  afterDenial: z.string(),
  /** Three channels of one connection at once, each `echo N; sleep 0.2; echo N`. */
  atOnce: z.array(z.string()),
  /** `tty` with a terminal. */
  terminal: z.string(),
  /** `echo $LC_TIME`, sent as a variable. */
  variable: z.string(),
  /** `echo alive`, after a sign of life that wants an answer. */
  afterKeepAlive: z.string(),
  /** How `kill -USR1 $$` ended, where the library can tell. */
  endedBySignal: z.string().optional(),
});

export function expectSshWalk(told: string): void {
  const { denied, terminal, endedBySignal, ...walk } = sshWalk.parse(JSON.parse(told));
  const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => i % 251));
  expect(walk).toEqual({
    ran: { code: 7, out: 'out\n', err: 'err\n' },
    echoed: createHash('sha256').update(bytes).digest('hex'),
    afterDenial: 'still here\n',
    atOnce: ['0\n0\n', '1\n1\n', '2\n2\n'],
    variable: 'C.UTF-8\n',
    afterKeepAlive: 'alive\n',
  });
  expect(denied).toMatchObject({ code: 126, out: '' });
  expect(denied.err).toMatch(/^sallyport: denied by policy: /);
  expect(terminal).toMatch(/^\/dev\/pts\/\d+\r?\n$/);
  expect([undefined, 'USR1']).toContain(endedBySignal);
}
