import { createHash } from 'node:crypto';

/** What lies at a source, whole. */
export interface Found {
  readonly archive: Buffer;
  /** SHA-256 hex. */
  readonly digest: string;
}

/** Where bundles come from. Nothing that it finds is believed: see `tryBundle`. */
export interface BundleSource {
  /** For people who read the log: a path, or an address without what is secret in it. */
  readonly where: string;
  /**
   * What lies there now; undefined when nothing changed since the last look.
   * @throws SallyportError `bundle-invalid` with why there is nothing to look at
   */
  look(signal: AbortSignal): Promise<Found | undefined>;
  /** Resolves when it is time to look again, or when `signal` aborts. Never rejects. */
  wait(signal: AbortSignal): Promise<void>;
}

export function foundArchive(archive: Buffer): Found {
  return { archive, digest: createHash('sha256').update(archive).digest('hex') };
}
