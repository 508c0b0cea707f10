import { writeFileSync } from 'node:fs';
import { entrypoints, schemaFile } from './json-schema.ts';

/** Rewrites `policies/schemas/`. Run it after a change of the contract: `node gateway/policy/schema/generate.ts`. */
for (const entrypoint of entrypoints) {
  writeFileSync(new URL(`../../../policies/schemas/${entrypoint}.json`, import.meta.url), schemaFile(entrypoint));
}
