import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { SallyportError } from '../../contract/errors.ts';
import { readTar } from './tar.ts';

/** What a bundle may weigh. A policy for a thousand rules is under a megabyte. */
export const bundleLimits = { maxArchiveBytes: 32 << 20, maxContentBytes: 128 << 20, maxFiles: 1_000 } as const;

/** The files that we use, as they lie in the archive. Nothing in them is believed before it is verified. */
export interface RawBundle {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly manifest: Buffer;
  readonly signatures: Buffer;
  /** Not there in a bundle of data. */
  readonly wasm: Buffer | undefined;
  readonly data: Buffer;
}

/**
 * Takes a bundle archive apart (openpolicyagent.org/docs/management-bundles). Delta bundles are refused: OPA does not sign them.
 * @throws SallyportError `bundle-invalid`; `bundle-signature` when it carries none
 */
export function readBundle(archive: Buffer): RawBundle {
  if (archive.length > bundleLimits.maxArchiveBytes)
    throw invalid(`is larger than ${bundleLimits.maxArchiveBytes} bytes`);
  const files = readTar(gunzipCapped(archive, bundleLimits.maxContentBytes), bundleLimits.maxFiles);
  if (files.has('patch.json')) throw invalid('is a delta bundle, which cannot be signed');
  const signatures = files.get('.signatures.json');
  if (signatures === undefined) throw new SallyportError('bundle-signature', 'bundle is not signed');
  return {
    files,
    signatures,
    manifest: required(files, '.manifest'),
    wasm: files.get('policy.wasm'),
    data: required(files, 'data.json'),
  };
}

/**
 * What a gzip file begins with (RFC 1952, section 2.3), as OPA writes it: deflate, no flags, no time, no level, no operating system.
 * Nothing protects these bytes, so there is only one way to write them.
 */
const gzipHeader = Buffer.from('1f8b08000000000000ff', 'hex');

/** The same bytes for the same content, on every machine. */
export function gzipPlain(content: Buffer): Buffer {
  const archive = gzipSync(content, { level: 9 });
  gzipHeader.copy(archive);
  return archive;
}

/** One gzip member with nothing before its data and nothing behind it. @throws SallyportError `bundle-invalid`, also when it unpacks to more than `maxBytes` */
export function gunzipCapped(archive: Buffer, maxBytes: number): Buffer {
  if (!archive.subarray(0, gzipHeader.length).equals(gzipHeader)) throw invalid('does not begin as OPA’s archives do');
  try {
    const { buffer, engine } = gunzipSync(archive, {
      maxOutputLength: maxBytes,
      finishFlush: constants.Z_FINISH,
      info: true,
    }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } }; // `info: true` makes zlib answer with this pair
    if (engine.bytesWritten !== archive.length) throw invalid('has bytes behind its archive');
    return buffer;
  } catch (cause) {
    if (cause instanceof SallyportError) throw cause;
    throw new SallyportError('bundle-invalid', `bundle is no gzip archive of at most ${maxBytes} bytes`, { cause });
  }
}

function required(files: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const body = files.get(name);
  if (body === undefined) throw invalid(`has no ${name}`);
  return body;
}

function invalid(what: string): SallyportError {
  return new SallyportError('bundle-invalid', `bundle ${what}`);
}
