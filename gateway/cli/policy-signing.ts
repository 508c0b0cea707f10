import { readFile } from 'node:fs/promises';
import { signingAlgorithms, type SigningAlgorithm } from '../policy/bundle/keys.ts';
import { CliError, exitCodes } from './exit.ts';

/** Who signs what is built, and for how long, in the words of the command line. */
export interface Signing {
  readonly key: { readonly id: string; readonly algorithm: SigningAlgorithm; readonly file: string };
  readonly out: string;
  readonly revision?: string | undefined;
  readonly sequence: number;
  readonly expiresDays: number;
}

/** The same as a build takes it, from now on. */
export async function signing({ key, out, revision, sequence, expiresDays }: Signing) {
  const builtAtMs = Date.now();
  return {
    key: { id: key.id, algorithm: key.algorithm, privateKeyPem: await privateKey(key.file) },
    out,
    sequence,
    builtAtMs,
    expiresAtMs: builtAtMs + expiresDays * 86_400_000,
    ...(revision !== undefined && { revision }),
  };
}

async function privateKey(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(exitCodes.usage, `cannot read the key that signs: ${why}`, 'name one: --key FILE');
  });
}

export function algorithmOf(text: string): SigningAlgorithm {
  const found = signingAlgorithms.find((name) => name === text);
  if (found) return found;
  throw new CliError(exitCodes.usage, `--algorithm: expected one of ${signingAlgorithms.join(', ')}`);
}

export function wholeNumber(flag: string, text: string): number {
  const n = Number(text);
  if (Number.isSafeInteger(n) && n > 0) return n;
  throw new CliError(exitCodes.usage, `${flag}: expected a whole number above 0, got ${text}`);
}
