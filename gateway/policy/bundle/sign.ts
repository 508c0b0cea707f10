import { createHash } from 'node:crypto';
import { CompactSign } from 'jose';
import { SallyportError } from '../../contract/errors.ts';
import { privateKeyOf, type SigningKey } from './keys.ts';
import { structuredText } from './structured.ts';

/** The name under which a bundle carries its signature; the one file that no signature covers. */
export const signatureFile = '.signatures.json';

/**
 * `.signatures.json` for these files: one compact JWS whose payload lists every file with its SHA-256, as `opa sign` writes it.
 */
export async function signFiles(files: ReadonlyMap<string, Buffer>, key: SigningKey): Promise<Buffer> {
  const listed = [...files].map(([name, body]) => ({ name, hash: fileHash(name, body), algorithm: 'SHA-256' }));
  const payload = Buffer.from(JSON.stringify({ files: listed, keyid: key.id }));
  const jws = await new CompactSign(payload)
    .setProtectedHeader({ alg: key.algorithm, kid: key.id })
    .sign(privateKeyOf(key));
  return Buffer.from(JSON.stringify({ signatures: [jws] }));
}

/**
 * SHA-256 hex of one file as OPA counts it: JSON files by their value, all others by their bytes.
 * @throws SallyportError `bundle-invalid` for a JSON file that is none
 */
export function fileHash(name: string, body: Buffer): string {
  const base = name.slice(name.lastIndexOf('/') + 1);
  const hashed = base === 'data.json' || base === '.manifest' ? canonical(name, body) : body;
  return createHash('sha256').update(hashed).digest('hex');
}

function canonical(name: string, body: Buffer): string {
  try {
    return structuredText(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch (cause) {
    throw new SallyportError('bundle-invalid', `bundle file ${name} is not JSON`, { cause });
  }
}
