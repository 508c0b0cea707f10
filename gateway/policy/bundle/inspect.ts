import { createHash } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { parseDataManifest, parseManifest, type BundleRule, type DataManifest, type Manifest } from './manifest.ts';
import { readBundle } from './read.ts';

/** What a bundle says about itself. Nobody has checked its signature. */
export interface BundleDescription {
  readonly revision: string;
  /** SHA-256 hex of the archive. */
  readonly digest: string;
  /** Places in the data that it claims; [""] is all of them. */
  readonly roots: readonly string[];
  readonly metadata: DataManifest['metadata'] & Partial<Pick<Manifest['metadata'], 'sources' | 'opa' | 'packs'>>;
  readonly signature: { readonly keyId: string; readonly algorithm: string };
  readonly entrypoints: readonly string[];
  readonly reads: Manifest['metadata']['reads'];
  /** Those with an id first write findings; the others are what they are made of. */
  readonly rules: readonly BundleRule[];
  readonly labels: Readonly<Record<string, unknown>>;
  /** Target to `schema.relation.column` to labels. */
  readonly columns: Readonly<Record<string, unknown>>;
  /** The rest of `data.json`: name to value. */
  readonly data: Readonly<Record<string, unknown>>;
  /** SHA-256 hex of `policy.wasm`; empty for a bundle of data. */
  readonly compiled: string;
  readonly canaries: number;
  /** Bytes. */
  readonly sizes: { readonly archive: number; readonly files: Readonly<Record<string, number>> };
}

const signaturesSchema = z.object({ signatures: z.array(z.string()) });
const object = z.record(z.string(), z.unknown());
const dataSchema = z.looseObject({
  labels: object.default({}),
  columns: object.default({}),
  canaries: z.array(z.unknown()).default([]),
});

/**
 * Reads a bundle without trusting it: for people who look at one. What a gateway believes comes from `verifyBundle`.
 * @throws SallyportError `bundle-invalid`, `bundle-signature` when it carries none
 */
export function inspectBundle(archive: Buffer): BundleDescription {
  const raw = readBundle(archive);
  const { revision, roots, wasm, metadata } = raw.wasm ? parseManifest(raw.manifest) : dataOnly(raw.manifest);
  const { reads, rules = [], ...rest } = metadata;
  const { labels, columns, ...data } = dataOf(raw.data);
  return {
    revision,
    digest: sha256(archive),
    roots,
    metadata: rest,
    signature: signerOf(raw.signatures),
    entrypoints: wasm.map((w) => w.entrypoint),
    reads,
    rules,
    labels,
    columns,
    data,
    compiled: raw.wasm ? sha256(raw.wasm) : '',
    canaries: data.canaries.length,
    sizes: {
      archive: archive.length,
      files: Object.fromEntries([...raw.files].map(([name, body]) => [name, body.length])),
    },
  };
}

/** A bundle of data in the words of one that has rules. */
function dataOnly(body: Buffer) {
  const { revision, roots, metadata } = parseDataManifest(body);
  return { revision, roots, wasm: [], metadata: { ...metadata, reads: {}, rules: [] } };
}

function dataOf(data: Buffer): z.infer<typeof dataSchema> {
  const read = dataSchema.safeParse(parsed(data));
  return read.success ? read.data : { labels: {}, columns: {}, canaries: [] };
}

/** Who says to have signed it. */
function signerOf(signatures: Buffer): BundleDescription['signature'] {
  const jws = signaturesSchema.safeParse(parsed(signatures)).data?.signatures[0] ?? '';
  try {
    const { kid = '?', alg = '?' } = decodeProtectedHeader(jws);
    return { keyId: kid, algorithm: alg };
  } catch {
    return { keyId: '?', algorithm: '?' };
  }
}

function sha256(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
