import { SallyportError } from '../../contract/errors.ts';

const block = 512;

/**
 * Files of a POSIX ustar archive (pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html), name without a leading slash to content.
 * Regular files and folders only; whatever two readers could take differently is refused: links, devices, extended headers,
 * a name twice, `..`, an empty segment, a wrong checksum, bytes after the end.
 * @throws SallyportError `bundle-invalid`
 */
export function readTar(archive: Buffer, maxFiles: number): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  let at = 0;
  while (at + block <= archive.length) {
    const header = archive.subarray(at, at + block);
    if (isZero(header)) {
      if (!isZero(archive.subarray(at))) throw invalid('data after its end');
      return files;
    }
    if (header.toString('latin1', 148, 156) !== checksumField(header)) throw invalid('a header with a wrong checksum');
    const size = octal(header, 124, 12);
    const name = fileName(header);
    const body = at + block;
    at = body + Math.ceil(size / block) * block;
    if (at > archive.length) throw invalid(`${name} cut short`);
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === '5' && size === 0) continue;
    if (type !== '0' && type !== '\0') throw invalid(`${name}, which is no regular file`);
    if (!isZero(archive.subarray(body + size, at))) throw invalid(`something behind ${name}`);
    if (files.has(name)) throw invalid(`${name} twice`);
    if (files.size >= maxFiles) throw invalid(`more than ${maxFiles} files`);
    files.set(name, archive.subarray(body, body + size));
  }
  throw invalid('no end');
}

/** A ustar archive with these files in this order; the same bytes for the same files. Names get the leading slash that OPA writes. */
export function writeTar(files: ReadonlyMap<string, Buffer>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, body] of files) {
    parts.push(headerOf(name, body.length), body, Buffer.alloc((block - (body.length % block)) % block));
  }
  parts.push(Buffer.alloc(2 * block));
  return Buffer.concat(parts);
}

function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(block);
  const path = `/${name}`;
  if (Buffer.byteLength(path) > 100) throw invalid(`${path}, a name longer than 100 bytes`);
  header.write(path, 0);
  header.write('0000600\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('0', 156);
  header.write('ustar\0' + '00', 257);
  header.write(checksumField(header), 148);
  return header;
}

function fileName(header: Buffer): string {
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? text(header, 345, 155) : '';
  const full = prefix === '' ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`;
  const name = full.replace(/^\.?\//, '').replace(/\/$/, '');
  const odd = name.split('/').some((part) => part === '' || part === '.' || part === '..');
  // Printable ASCII only: what a terminal or another file system would show differently is not a name for a policy file.
  if (odd || !/^[\x21-\x7e]+$/.test(name) || name.includes('\\'))
    throw invalid(`the file name ${JSON.stringify(full)}`);
  return name;
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/** An octal field: digits, then NUL or spaces. Base-256 sizes are for files we would refuse anyway. */
function octal(header: Buffer, start: number, length: number): number {
  const digits = header.toString('latin1', start, start + length);
  const match = /^ *([0-7]+)[\0 ]*$/.exec(digits);
  if (match?.[1] === undefined) throw invalid('a number that is not octal');
  return Number.parseInt(match[1], 8);
}

/** The sum of a header's bytes with its own field taken as spaces, as everybody writes it: no sum protects these eight bytes. */
function checksumField(header: Buffer): string {
  let sum = 0;
  for (let i = 0; i < block; i++) sum += i >= 148 && i < 156 ? 32 : (header[i] ?? 0);
  return `${sum.toString(8).padStart(6, '0')}\0 `;
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

function invalid(what: string): SallyportError {
  return new SallyportError('bundle-invalid', `bundle archive has ${what}`);
}
