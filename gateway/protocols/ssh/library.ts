import { createRequire } from 'node:module';
import { z } from 'zod';

/** What our patch (scripts/patches) adds to ssh2's own table of what it can do; undefined in the published package. */
const patched = z.object({
  CERT_SUFFIX: z.literal('-cert-v01@openssh.com').optional(),
  mlkemSupported: z.boolean().optional(),
});
const added = patched.parse(createRequire(import.meta.url)('ssh2/lib/protocol/constants.js'));

/** Node has had ML-KEM since 24.7, where it is built with OpenSSL 3.5 or newer. */
export const hasMlKem = added.mlkemSupported === true;

/** @throws Error without the patch: connections would be weaker than anybody was told */
export function assertPatched(): void {
  if (added.CERT_SUFFIX === undefined)
    throw new Error('ssh2 is installed without our patch: run node scripts/patches/apply.ts');
}
