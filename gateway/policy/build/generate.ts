import { writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { deriveCapabilities } from './capabilities.ts';

/** Rewrites `policies/capabilities.json`: `node gateway/policy/build/generate.ts OPA`, after a new OPA or a new host built-in. */
const [opa] = process.argv.slice(2);
if (opa === undefined) throw new TypeError('usage: node gateway/policy/build/generate.ts PATH-OF-OPA');
const text = await format(await deriveCapabilities(opa), { parser: 'json', printWidth: 120 });
writeFileSync(new URL('../../../policies/capabilities.json', import.meta.url), text);
