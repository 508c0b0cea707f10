import { SallyportError } from '../../contract/errors.ts';
import { bundleLayer } from '../registry/artifact.ts';
import { writtenReference } from '../registry/reference.ts';
import { Registry, type RegistryOptions } from '../registry/registry.ts';
import { Pacing } from './pacing.ts';
import { foundArchive, type BundleSource, type Found } from './source.ts';

export interface OciSourceOptions extends RegistryOptions {
  /** A random time between two looks. */
  readonly minPauseMs: number;
  readonly maxPauseMs: number;
  /** For one look, all requests together. A minute unless told. */
  readonly answerMs?: number;
}

/** A bundle in an OCI registry, in the layout that OPA pulls. A tag is followed by the digest of its manifest. */
export class OciSource implements BundleSource {
  readonly where: string;
  readonly #registry: Registry;
  readonly #pacing: Pacing;
  readonly #answerMs: number;
  #manifest = '';
  #digest = '';

  constructor(options: OciSourceOptions) {
    this.where = writtenReference(options.reference);
    this.#registry = new Registry(options, 'pull');
    this.#pacing = new Pacing(options);
    this.#answerMs = options.answerMs ?? 60_000;
  }

  async look(signal: AbortSignal): Promise<Found | undefined> {
    try {
      const found = await this.#pull(AbortSignal.any([signal, AbortSignal.timeout(this.#answerMs)]));
      this.#pacing.answered();
      return found;
    } catch (cause) {
      this.#pacing.failed();
      this.#manifest = ''; // whatever went wrong, the next answer is a whole bundle
      this.#digest = '';
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SallyportError('bundle-invalid', `no bundle from ${this.where}: ${why}`, { cause });
    }
  }

  wait(signal: AbortSignal): Promise<void> {
    return this.#pacing.pause(signal);
  }

  async #pull(signal: AbortSignal): Promise<Found | undefined> {
    const manifest = await this.#registry.manifest(this.#manifest, signal);
    if (manifest === undefined) return undefined;
    const layer = bundleLayer(manifest.body);
    const isNew = layer.digest !== this.#digest;
    const found = isNew ? foundArchive(await this.#registry.blob(layer, signal)) : undefined;
    this.#manifest = manifest.digest;
    this.#digest = layer.digest;
    return found;
  }
}
