/** One artifact in a registry, by tag or by digest. */
export interface Reference {
  /** Host, and port where it is named. */
  readonly host: string;
  readonly repository: string;
  /** A tag, or `sha256:` and 64 hex digits. */
  readonly version: string;
}

export function isDigest(version: string): boolean {
  return version.startsWith('sha256:');
}

export function writtenReference({ host, repository, version }: Reference): string {
  return `oci://${host}/${repository}${isDigest(version) ? '@' : ':'}${version}`;
}
