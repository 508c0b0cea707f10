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
  if (signatures === undefined)
    throw new SallyportError('bundle-signature', 'bundle is not signed: "sallyport policy build --key FILE" signs it');
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
  if (archive.length === 0) throw invalid(`is empty: ${copyAgain}`);
  if (!archive.subarray(0, gzipHeader.length).equals(gzipHeader)) throw invalid(notOurs(archive));
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
    throw new SallyportError('bundle-invalid', `bundle ${whyNoArchive(archive, maxBytes, cause)}`, { cause });
  }
}

/** Whoever copies over a file that is being watched shows half of it to whoever reads meanwhile. */
const copyAgain = 'copy the whole file beside it, and rename that into its place';

function notOurs(archive: Buffer): string {
  const isGzip = archive.subarray(0, 2).equals(gzipHeader.subarray(0, 2));
  return isGzip
    ? 'was packed by another tool than "sallyport policy build" and "opa build": take the file that was built, as it is'
    : 'is no gzip archive: take the file that "sallyport policy build" wrote, and no page or text that came in its place';
}

/** What zlib's codes mean to somebody with a file (zlib.net/manual.html). */
function whyNoArchive(archive: Buffer, maxBytes: number, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'Z_BUF_ERROR') return `is cut short, after ${archive.length} bytes: ${copyAgain}`;
  if (code === 'ERR_BUFFER_TOO_LARGE') return `unpacks to more than ${maxBytes} bytes: build it with less data`;
  return `is damaged (${code === 'Z_DATA_ERROR' && cause instanceof Error ? cause.message : 'it does not unpack'}): ${copyAgain}`;
}

function required(files: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const body = files.get(name);
  if (body === undefined) throw invalid(`has no ${name}`);
  return body;
}

function invalid(what: string): SallyportError {
  return new SallyportError('bundle-invalid', `bundle ${what}`);
}
