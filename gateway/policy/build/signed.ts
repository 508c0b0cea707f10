import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SigningKey } from '../bundle/keys.ts';
import { gzipPlain } from '../bundle/read.ts';
import { signatureFile, signFiles } from '../bundle/sign.ts';
import { writeTar } from '../bundle/tar.ts';
import { writeWhole } from '../sources/files.ts';

/** The signed archive of these files: the same bytes for the same files, but for signatures that are random by nature. */
export async function packSigned(files: ReadonlyMap<string, Buffer>, key: SigningKey): Promise<Buffer> {
  const signatures = await signFiles(files, key);
  return gzipPlain(writeTar(new Map([[signatureFile, signatures], ...files])));
}

/** Where a server may read it: nothing in it is secret. */
export async function writeBundle(path: string, archive: Buffer): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, archive, { mode: 0o644 });
}
