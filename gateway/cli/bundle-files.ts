import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SigningAlgorithm, TrustedKey } from '../policy/bundle/keys.ts';
import { CliError, exitCodes } from './exit.ts';

/** A bundle, or a key. */
export async function archiveAt(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw new CliError(exitCodes.usage, `cannot read ${file}`, error instanceof Error ? error.message : undefined);
  });
}

/** `ID=FILE`. Which algorithm counts is what the key is for. */
export async function trustedKey(text: string): Promise<TrustedKey> {
  const at = text.indexOf('=');
  if (at < 1) throw new CliError(exitCodes.usage, `--key: expected ID=FILE, got ${text}`);
  const [id, file] = [text.slice(0, at), text.slice(at + 1)];
  const publicKeyPem = (await archiveAt(file)).toString('utf8');
  return { id, algorithm: algorithmOf(publicKeyPem, file), publicKeyPem };
}

/** Which algorithm counts is what the key is for. @param file for the message */
export function algorithmOf(pem: string, file: string): SigningAlgorithm {
  const byType: Readonly<Record<string, SigningAlgorithm>> = { ec: 'ES256', ed25519: 'EdDSA', rsa: 'RS256' };
  let algorithm: SigningAlgorithm | undefined;
  try {
    algorithm = byType[createPublicKey(pem).asymmetricKeyType ?? ''];
  } catch {
    throw new CliError(exitCodes.usage, `${file} is not a PEM public key`);
  }
  if (algorithm === undefined) throw new CliError(exitCodes.usage, `${file}: expected a P-256, Ed25519 or RSA key`);
  return algorithm;
}
