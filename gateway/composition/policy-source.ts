import { readFile } from 'node:fs/promises';
import { readBundleAddress } from '../config/bundle-address.ts';
import type { BundleSourceConfig } from '../config/bundle-source.ts';
import { configuredBundles } from '../config/policy-section.ts';
import { SallyportError } from '../contract/errors.ts';
import type { Credentials } from '../credentials/index.ts';
import type { TrustedKey } from '../policy/bundle/keys.ts';
import type { NamedSource } from '../policy/gathering.ts';
import { FileSource } from '../policy/sources/files.ts';
import { bearer, HttpSource } from '../policy/sources/http.ts';
import { OciSource } from '../policy/sources/oci.ts';
import { s3Source, type S3Credentials } from '../policy/sources/s3.ts';
import type { BundleSource } from '../policy/sources/source.ts';

/** Between two looks at a file: publishing one takes effect within a second. */
const filePollMs = 300;

/** Where the policy room gets its bundles, each with the keys that count for it. */
export function policySources(
  policy: Parameters<typeof configuredBundles>[0],
  keys: readonly TrustedKey[],
  secrets: Credentials,
): Promise<readonly NamedSource[]> {
  return Promise.all(
    configuredBundles(policy).map(async ({ name, source, roots, keys: ids }) => ({
      name,
      source: await openSource(source, secrets),
      roots,
      keys: keysOf(keys, ids),
    })),
  );
}

/** @param ids of those that count; undefined: all */
export function keysOf(keys: readonly TrustedKey[], ids: readonly string[] | undefined): readonly TrustedKey[] {
  return ids === undefined ? keys : keys.filter(({ id }) => ids.includes(id));
}

async function openSource({ bundle, http, s3, oci }: BundleSourceConfig, secrets: Credentials): Promise<BundleSource> {
  const read = readBundleAddress(bundle);
  if (!read.ok) throw new SallyportError('config-invalid', `policy: ${read.why}, got ${bundle}`);
  const { address } = read;
  const asking = {
    minPauseMs: http.poll_min_s * 1_000,
    maxPauseMs: http.poll_max_s * 1_000,
    ...(http.ca !== undefined && { ca: await readFile(http.ca, 'utf8') }),
  };
  switch (address.kind) {
    case 'file':
      return new FileSource(address.path, filePollMs);
    case 'http': {
      const { token } = http;
      const authorize = token && bearer(async () => (await secrets.resolve(token)).reveal());
      return new HttpSource({ ...asking, url: address.url, waitS: http.wait_s, ...(authorize && { authorize }) });
    }
    case 's3': {
      const { region = 'us-east-1', endpoint, path_style: pathStyle, anonymous = false } = s3 ?? {};
      const credentials = anonymous ? undefined : () => s3Credentials(s3, secrets);
      await credentials?.(); // a key that is not there is found at the start
      const { bucket, key } = address;
      return s3Source({
        ...asking,
        bucket,
        key,
        region,
        ...(endpoint !== undefined && { endpoint }),
        ...(pathStyle !== undefined && { pathStyle }),
        ...(credentials && { credentials }),
      });
    }
    case 'oci': {
      const { username, password, plain_http: plainHttp = false } = oci ?? {};
      const login =
        username === undefined || password === undefined
          ? undefined
          : async () => ({ username, password: (await secrets.resolve(password)).reveal() });
      return new OciSource({ ...asking, reference: address, plainHttp, ...(login && { login }) });
    }
    default:
      return address satisfies never;
  }
}

/** The configured keys, or those of the environment by the names that AWS's own tools use. */
async function s3Credentials(s3: BundleSourceConfig['s3'], secrets: Credentials): Promise<S3Credentials> {
  const { access_key_id: id, secret_access_key: secret, session_token: token } = s3 ?? {};
  const isOwn = id !== undefined && secret !== undefined;
  const [accessKeyId, secretAccessKey] = await Promise.all([
    secrets.resolve(isOwn ? id : { env: 'AWS_ACCESS_KEY_ID' }),
    secrets.resolve(isOwn ? secret : { env: 'AWS_SECRET_ACCESS_KEY' }),
  ]);
  const sessionToken = isOwn
    ? token && (await secrets.resolve(token))
    : await fromEnvironment(secrets, 'AWS_SESSION_TOKEN');
  return {
    accessKeyId: accessKeyId.reveal(),
    secretAccessKey: secretAccessKey.reveal(),
    ...(sessionToken && { sessionToken: sessionToken.reveal() }),
  };
}

/** Undefined where it is not set: keys that are not temporary have none. */
async function fromEnvironment(secrets: Credentials, env: string) {
  try {
    return await secrets.resolve({ env });
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'credential-missing') return undefined;
    throw error;
  }
}
