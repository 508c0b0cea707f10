import { createRequire } from 'node:module';
import { z } from 'zod';

/** What our patch (scripts/patches) adds to ssh2's own table of what it can do; undefined in the published package. */
const patched = z.object({
  CERT_SUFFIX: z.literal('-cert-v01@openssh.com').optional(),
  mlkemSupported: z.boolean().optional(),
});
const require = createRequire(import.meta.url);
const added = patched.parse(require('ssh2/lib/protocol/constants.js'));
/** Half of the one window that every channel has in the published package. */
const channels = z.object({ WINDOW_THRESHOLD: z.number().optional() }).parse(require('ssh2/lib/Channel.js'));

/** Node has had ML-KEM since 24.7, where it is built with OpenSSL 3.5 or newer. */
export const hasMlKem = added.mlkemSupported === true;

/** @throws Error without the patch: connections would be weaker than anybody was told */
export function assertPatched(): void {
  if (added.CERT_SUFFIX === undefined || channels.WINDOW_THRESHOLD !== undefined)
    throw new Error('ssh2 is installed without our patch: run node scripts/patches/apply.ts');
}
