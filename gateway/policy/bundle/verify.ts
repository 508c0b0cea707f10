import { compactVerify, decodeProtectedHeader, errors } from 'jose';
import { z } from 'zod';
import { SallyportError } from '../../contract/errors.ts';
import { publicKeyOf, type TrustedKey } from './keys.ts';
import { parseDataManifest, parseManifest, type DataManifest, type Manifest } from './manifest.ts';
import { readBundle, type RawBundle } from './read.ts';
import { fileHash, signatureFile } from './sign.ts';

/** A bundle that a trusted key signed, whole and in date. */
export interface VerifiedBundle {
  readonly manifest: Manifest;
  readonly wasm: Buffer;
  readonly data: Buffer;
  readonly keyId: string;
}

/** The same of a bundle that brings data and no rules. */
export interface VerifiedData {
  readonly manifest: DataManifest;
  readonly data: Buffer;
  readonly keyId: string;
}

export interface Expectations {
  readonly keys: readonly TrustedKey[];
  readonly nowMs: number;
  /** The highest sequence that was ever active; anything lower is a step back. */
  readonly minSequence: number;
}

const signaturesSchema = z.strictObject({
  signatures: z.tuple([z.string()]),
  plugin: z.literal('_default').optional(),
});
const payloadSchema = z.object({
  files: z.array(z.strictObject({ name: z.string(), hash: z.string(), algorithm: z.literal('SHA-256') })),
  keyid: z.string().optional(),
  scope: z.literal('').optional(),
});

/**
 * OPA's verification (openpolicyagent.org/docs/management-bundles#signing), stricter where OPA is open: a signature is always needed,
 * the key's algorithm counts and never the token's, SHA-256 only, no file without a hash, no delta, no step back, no expired bundle.
 * @throws SallyportError `bundle-invalid`, `bundle-signature`, `bundle-expired`, `bundle-rollback`
 */
export async function verifyBundle(archive: Buffer, expected: Expectations): Promise<VerifiedBundle> {
  const { raw, keyId } = await signedContent(archive, expected.keys);
  if (raw.wasm === undefined) throw new SallyportError('bundle-invalid', 'bundle has no policy.wasm');
  const manifest = parseManifest(raw.manifest);
  checkLife(manifest, expected);
  return { manifest, wasm: raw.wasm, data: raw.data, keyId };
}

/** What a bundle of data may have in it: rules come from one bundle alone. */
const dataFiles = new Set([signatureFile, '.manifest', 'data.json']);

/** The same for a bundle that brings data beside another one with the rules. @throws SallyportError as `verifyBundle` */
export async function verifyData(archive: Buffer, expected: Expectations): Promise<VerifiedData> {
  const { raw, keyId } = await signedContent(archive, expected.keys);
  const other = [...raw.files.keys()].find((name) => !dataFiles.has(name));
  if (other !== undefined) throw new SallyportError('bundle-invalid', `bundle is to bring data only, and has ${other}`);
  const manifest = parseDataManifest(raw.manifest);
  checkLife(manifest, expected);
  return { manifest, data: raw.data, keyId };
}

async function signedContent(
  archive: Buffer,
  keys: readonly TrustedKey[],
): Promise<{ readonly raw: RawBundle; readonly keyId: string }> {
  const raw = readBundle(archive);
  const { payload, keyId } = await verifySignature(raw.signatures, keys);
  verifyFiles(raw.files, payload);
  return { raw, keyId };
}

function checkLife({ revision, metadata }: Manifest | DataManifest, expected: Expectations): void {
  const { expires_at: expiresAt, sequence } = metadata;
  if (Date.parse(expiresAt) <= expected.nowMs) {
    throw new SallyportError('bundle-expired', `bundle ${revision} expired at ${expiresAt}: build it anew`);
  }
  if (sequence >= expected.minSequence) return;
  const older = `bundle ${revision} has sequence ${sequence}, older than ${expected.minSequence}, which was active before`;
  throw new SallyportError('bundle-rollback', `${older}: to go back, build what it was made of anew`);
}

type Payload = z.infer<typeof payloadSchema>;

async function verifySignature(
  body: Buffer,
  keys: readonly TrustedKey[],
): Promise<{ readonly payload: Payload; readonly keyId: string }> {
  try {
    const [jws] = signaturesSchema.parse(JSON.parse(body.toString('utf8'))).signatures;
    const { kid } = decodeProtectedHeader(jws);
    const key = keys.find(({ id }) => id === kid);
    if (key === undefined) {
      const [named, trusted] = [JSON.stringify(kid?.slice(0, 64) ?? ''), keys.map(({ id }) => id).join(', ')];
      throw new SallyportError(
        'bundle-signature',
        `bundle is signed by the key ${named}, and trusted is only ${trusted}: sign it with one of these, or add its key to policy.keys`,
      );
    }
    const verified = await compactVerify(jws, publicKeyOf(key), { algorithms: [key.algorithm] });
    const payload = payloadSchema.parse(JSON.parse(Buffer.from(verified.payload).toString('utf8')));
    if (payload.keyid !== undefined && payload.keyid !== key.id) {
      throw new SallyportError('bundle-signature', 'bundle names two different keys');
    }
    return { payload, keyId: key.id };
  } catch (cause) {
    if (cause instanceof SallyportError) throw cause;
    if (cause instanceof errors.JWSSignatureVerificationFailed) throw refused(byAnother, cause);
    const why = cause instanceof Error ? cause.message : 'unreadable';
    throw new SallyportError('bundle-signature', `bundle signature does not verify: ${why}`, { cause });
  }
}

function verifyFiles(files: ReadonlyMap<string, Buffer>, payload: Payload): void {
  const listed = new Map(payload.files.map((f) => [f.name, f.hash]));
  if (listed.size !== payload.files.length) throw refused('lists a file twice');
  for (const [name, body] of files) {
    if (name === signatureFile) continue;
    const hash = listed.get(name);
    if (hash === undefined)
      throw refused(`does not cover ${name}: that was added after it was signed. Build the bundle anew`);
    if (fileHash(name, body) !== hash)
      throw refused(`is for another ${name}: that was changed after it was signed. Build the bundle anew`);
    listed.delete(name);
  }
  const [missing] = listed.keys();
  if (missing !== undefined)
    throw refused(
      `covers ${missing}, which is not there: that was taken out after it was signed. Build the bundle anew`,
    );
}

/** Two pairs under one name look the same to whoever only compares names. */
const byAnother =
  'is not by the key that is trusted under this name: another pair has the same name. "sallyport policy verify FILE --key NAME=PUBLIC" tries a key';

function refused(what: string, cause?: unknown): SallyportError {
  return new SallyportError('bundle-signature', `bundle signature ${what}`, { cause });
}
