import { z } from 'zod';
import { SallyportError } from '../../contract/errors.ts';

const ruleSchema = z
  .strictObject({
    /** Package and name: `rules.postgres.deny`. */
    name: z.string(),
    /** Of a finding whose head names it as a literal. */
    id: z.string().optional(),
    title: z.string().optional(),
    /** Below the policies' directory. */
    file: z.string(),
    line: z.int().positive(),
    /** 16 hex digits that change with the definition, and not with its place, comments or layout. */
    digest: z.string().regex(/^[0-9a-f]{16}$/),
  })
  .readonly();

const packSchema = z
  .strictObject({
    name: z.string(),
    version: z.string(),
    /** SHA-256 over the names and contents of its files. */
    digest: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .readonly();

const lifeFields = {
  /** Version of this metadata. */
  format: z.literal(1),
  /** Never goes down: see `verifyBundle`. */
  sequence: z.int().positive(),
  built_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
};

/** `.manifest` of a bundle of ours: OPA's fields (openpolicyagent.org/docs/management-bundles) and, in `metadata`, what OPA leaves open. */
const manifestSchema = z.strictObject({
  revision: z.string().min(1).max(200),
  roots: z.array(z.string()).min(1).readonly(),
  rego_version: z.literal(1),
  wasm: z
    .array(
      z.strictObject({
        entrypoint: z.string(),
        module: z.literal('/policy.wasm'),
        annotations: z.array(z.unknown()).optional(),
      }),
    )
    .readonly(),
  metadata: z.strictObject({
    ...lifeFields,
    /** SHA-256 over the names and contents of the sources. */
    sources: z.string().regex(/^[0-9a-f]{64}$/),
    opa: z.string(),
    /** What of the sources came with the builder's version and not from a repository: the library, default rules, labels. */
    packs: z.array(packSchema).readonly().optional(),
    /** Entrypoint to the `input.` paths that its rules read, without `input.`. */
    reads: z.record(z.string(), z.array(z.string()).readonly()),
    /** Every definition in the Rego, in the order of files and lines. */
    rules: z.array(ruleSchema).readonly().optional(),
  }),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type BundlePack = z.infer<typeof packSchema>;
export type BundleRule = z.infer<typeof ruleSchema>;

/** The same of a bundle that brings data and no rules. */
const dataManifestSchema = z.strictObject({
  revision: z.string().min(1).max(200),
  roots: z.array(z.string().min(1)).min(1).readonly(),
  rego_version: z.literal(1).optional(),
  metadata: z.strictObject(lifeFields),
});
export type DataManifest = z.infer<typeof dataManifestSchema>;

/** @throws SallyportError `bundle-invalid` naming the field */
export function parseManifest(body: Buffer): Manifest {
  const manifest = parsed(manifestSchema, body);
  const names = manifest.wasm.map((w) => w.entrypoint);
  if (new Set(names).size !== names.length)
    throw new SallyportError('bundle-invalid', '.manifest: an entrypoint twice');
  return manifest;
}

/** @throws SallyportError `bundle-invalid` naming the field */
export function parseDataManifest(body: Buffer): DataManifest {
  return parsed(dataManifestSchema, body);
}

function parsed<T>(schema: z.ZodType<T>, body: Buffer): T {
  const read = schema.safeParse(jsonOf(body));
  if (read.success) return read.data;
  throw new SallyportError('bundle-invalid', `.manifest: ${z.prettifyError(read.error)}`);
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new SallyportError('bundle-invalid', '.manifest is not JSON', { cause });
  }
}
