/** Where a bundle lies, taken apart. */
export type BundleAddress =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 's3'; readonly bucket: string; readonly key: string }
  | {
      readonly kind: 'oci';
      /** Host, and port where it is named. */
      readonly host: string;
      readonly repository: string;
      /** A tag, or `sha256:` and 64 hex digits. */
      readonly version: string;
    };

export type AddressRead =
  { readonly ok: true; readonly address: BundleAddress } | { readonly ok: false; readonly why: string };

/** Names of buckets as docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html has them. */
const object = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/i;
/** Names and tags as github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests has them. */
const artifact =
  /^oci:\/\/([A-Za-z0-9.-]+(?::\d{1,5})?|\[[0-9a-f:]+\](?::\d{1,5})?)\/([a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127})|@(sha256:[0-9a-f]{64}))$/;

/** Anything with a scheme is meant as an address, whatever the scheme: a path is not taken for one by mistake. */
export function readBundleAddress(text: string): AddressRead {
  switch (/^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()) {
    case undefined:
      return { ok: true, address: { kind: 'file', path: text } };
    case 'https':
    case 'http':
      return { ok: true, address: { kind: 'http', url: text } };
    case 's3':
      return objectAt(text);
    case 'oci':
      return artifactAt(text);
    default:
      return { ok: false, why: 'expected a path, or an https://, s3:// or oci:// address' };
  }
}

function objectAt(text: string): AddressRead {
  const [, bucket, key] = object.exec(text) ?? [];
  const odd = key?.split('/').some((part) => part === '' || part === '.' || part === '..');
  if (bucket === undefined || key === undefined || odd || bucket !== bucket.toLowerCase()) {
    return { ok: false, why: 'expected s3://bucket/path/to/bundle.tar.gz' };
  }
  return { ok: true, address: { kind: 's3', bucket, key } };
}

function artifactAt(text: string): AddressRead {
  const [, host, repository, tag, digest] = artifact.exec(text) ?? [];
  const version = tag ?? digest;
  if (host === undefined || repository === undefined || version === undefined) {
    return { ok: false, why: 'expected oci://registry/repository:tag or oci://registry/repository@sha256:digest' };
  }
  return { ok: true, address: { kind: 'oci', host, repository, version } };
}
