import { SallyportError } from '../../contract/errors.ts';
import { inspectBundle } from '../bundle/inspect.ts';
import { bundleArtifact } from './artifact.ts';
import { isDigest } from './reference.ts';
import { Registry, type RegistryOptions } from './registry.ts';

export interface Pushed {
  readonly revision: string;
  /** Of the manifest: what pins exactly this bundle. */
  readonly digest: string;
}

/**
 * Publishes a bundle in OPA's layout. The manifest goes last: who follows the tag never meets half of it.
 * @throws SallyportError `bundle-invalid` when it is no bundle, or the registry does not take it; `config-invalid` for a reference by digest
 */
export async function pushBundle(archive: Buffer, options: RegistryOptions, signal: AbortSignal): Promise<Pushed> {
  if (isDigest(options.reference.version)) {
    throw new SallyportError('config-invalid', 'a bundle is pushed to a tag; its digest comes of that');
  }
  const { revision } = inspectBundle(archive); // what gateways would refuse to read is not published
  const { manifest, config } = bundleArtifact(archive, revision);
  const registry = new Registry(options, 'pull,push');
  await registry.putBlob(config, signal);
  await registry.putBlob(archive, signal);
  return { revision, digest: await registry.putManifest(manifest, signal) };
}
