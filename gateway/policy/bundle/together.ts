import { mergeBundles } from './merge.ts';
import { readBundle } from './read.ts';
import { readTar, writeTar } from './tar.ts';
import { verifyBundle, verifyData, type Expectations, type VerifiedBundle, type VerifiedData } from './verify.ts';
import { parseDataManifest, parseManifest } from './manifest.ts';

/** More bundles than anybody configures. */
export const maxTogether = 100;
/** What one bundle that stands alone is called. */
export const onlyName = 'policy';

const suffix = '.tar.gz';

/**
 * The bundles of one activation as one file, as they came, signatures and all: one alone as it is, several as an archive of archives.
 * The same bytes for the same bundles, so its digest names the activation.
 */
export function packTogether(archives: ReadonlyMap<string, Buffer>): Buffer {
  const [only, ...others] = archives.values();
  if (only !== undefined && others.length === 0) return only;
  const named = [...archives].map(([name, body]) => [`${name}${suffix}`, body] as const);
  return writeTar(new Map(named.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** @param alone what one that stands alone is called @throws SallyportError `bundle-invalid` */
export function unpackTogether(body: Buffer, alone = onlyName): ReadonlyMap<string, Buffer> {
  if (isGzip(body)) return new Map([[alone, body]]);
  const files = readTar(body, maxTogether);
  return new Map([...files].map(([name, archive]) => [name.slice(0, -suffix.length), archive]));
}

/** What was activated together, each verified by itself and put together by the roots that it claims. @throws SallyportError as `verifyBundle` */
export async function verifyTogether(body: Buffer, expected: Expectations): Promise<VerifiedBundle> {
  return joined(
    unpackTogether(body),
    (archive) => verifyBundle(archive, expected),
    (archive) => verifyData(archive, expected),
  );
}

/**
 * The same of bundles that nobody has to trust: something else than their signatures vouches for them, or they are tried and never enforced.
 * @throws SallyportError `bundle-invalid`
 */
export function unverifiedTogether(body: Buffer): Promise<VerifiedBundle> {
  return joined(
    unpackTogether(body),
    (archive) => {
      const { manifest, wasm = Buffer.alloc(0), data } = readBundle(archive);
      return { manifest: parseManifest(manifest), wasm, data, keyId: '' };
    },
    (archive) => {
      const { manifest, data } = readBundle(archive);
      return { manifest: parseDataManifest(manifest), data, keyId: '' };
    },
  );
}

async function joined(
  archives: ReadonlyMap<string, Buffer>,
  rulesOf: (archive: Buffer) => VerifiedBundle | Promise<VerifiedBundle>,
  dataOf: (archive: Buffer) => VerifiedData | Promise<VerifiedData>,
): Promise<VerifiedBundle> {
  const parts = [...archives];
  const main = parts.find(([, archive]) => readBundle(archive).wasm !== undefined) ?? parts[0];
  if (main === undefined) return rulesOf(Buffer.alloc(0)); // which says that it is no bundle
  const rules = await rulesOf(main[1]);
  if (parts.length === 1) return rules;
  const others = [];
  for (const [name, archive] of parts) {
    if (name === main[0]) continue;
    const bundle = await dataOf(archive);
    others.push({ name, roots: bundle.manifest.roots, bundle });
  }
  return mergeBundles(main[0], rules, others);
}

function isGzip(body: Buffer): boolean {
  return body[0] === 0x1f && body[1] === 0x8b;
}
