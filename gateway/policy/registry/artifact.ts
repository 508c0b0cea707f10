import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SallyportError } from '../../contract/errors.ts';
import { bundleLimits } from '../bundle/read.ts';

/** The layout that OPA pulls (OPA, v1/download/oci_download.go): an image manifest whose one gzip layer is the bundle. */
export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const dockerManifestType = 'application/vnd.docker.distribution.manifest.v2+json';
export const configType = 'application/vnd.oci.image.config.v1+json';
export const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';
/** What a manifest may be asked for as. Registries answer with what was stored. */
export const acceptedManifests = `${manifestType}, ${dockerManifestType}`;

/** Of a manifest, bytes. With one layer it has less than a thousandth of this. */
export const maxManifestBytes = 64 << 10;

export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
  readonly size: number;
}

const descriptorSchema = z.object({
  mediaType: z.string(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.int().nonnegative(),
});
const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.enum([manifestType, dockerManifestType]).default(manifestType),
  layers: z.array(descriptorSchema),
});

/**
 * The layer that is the bundle. OPA takes the first of its kind; here there has to be exactly one, so that nobody argues about which.
 * @throws SallyportError `bundle-invalid`, also for an index of several manifests
 */
export function bundleLayer(manifest: Buffer): Descriptor {
  const read = manifestSchema.safeParse(parsed(manifest));
  if (!read.success) throw invalid(`is not one image manifest: ${z.prettifyError(read.error).replaceAll('\n', ' ')}`);
  const [layer, ...others] = read.data.layers.filter(({ mediaType }) => mediaType === layerType);
  if (layer === undefined) throw invalid(`has no layer of type ${layerType}`);
  if (others.length > 0) throw invalid(`has ${others.length + 1} layers of type ${layerType}`);
  if (layer.size > bundleLimits.maxArchiveBytes) {
    throw invalid(`has a layer of ${layer.size} bytes; a bundle has ${bundleLimits.maxArchiveBytes} at most`);
  }
  return layer;
}

/** What is pushed for a bundle: the same bytes for the same archive. */
export function bundleArtifact(
  archive: Buffer,
  revision: string,
): {
  readonly manifest: Buffer;
  readonly config: Buffer;
} {
  const config = Buffer.from('{}');
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: describe(configType, config),
    // The name under which `oras pull` writes it.
    layers: [{ ...describe(layerType, archive), annotations: { 'org.opencontainers.image.title': 'bundle.tar.gz' } }],
    annotations: { 'org.opencontainers.image.version': revision },
  };
  return { manifest: Buffer.from(JSON.stringify(manifest)), config };
}

export function digestOf(body: Buffer): string {
  return `sha256:${createHash('sha256').update(body).digest('hex')}`;
}

function describe(mediaType: string, body: Buffer): Descriptor {
  return { mediaType, digest: digestOf(body), size: body.length };
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new SallyportError('bundle-invalid', 'the manifest is not JSON', { cause });
  }
}

function invalid(what: string): SallyportError {
  return new SallyportError('bundle-invalid', `the manifest ${what}`);
}
