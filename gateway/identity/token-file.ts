import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** A login as it is kept between two commands of its owner. */
export interface KeptToken {
  /** What the gateway gets. */
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
  readonly refreshToken?: string | undefined;
}

const tokenFile = z.object({
  format: z.literal('sallyport-token-1'),
  token: z.string(),
  expires_at_ms: z.number(),
  refresh_token: z.string().optional(),
});

/** `$XDG_CONFIG_HOME/sallyport/tokens/`, one file for each issuer and client. XDG Base Directory Specification. */
export function tokenFilePath(
  env: { readonly [name: string]: string | undefined },
  home: string,
  issuer: string,
  clientId: string,
): string {
  const base = env['XDG_CONFIG_HOME'];
  // The specification wants relative paths ignored.
  const config = base?.startsWith('/') ? base : join(home, '.config');
  const name = createHash('sha256')
    .update(JSON.stringify([issuer, clientId]))
    .digest('hex')
    .slice(0, 32);
  return join(config, 'sallyport', 'tokens', `${name}.json`);
}

/** The kept login; undefined where there is none that can be used. A file that others can read is none: its token is no secret any more. */
export async function readTokenFile(path: string): Promise<KeptToken | undefined> {
  try {
    await using file = await open(path, 'r');
    if ((await file.stat()).mode & 0o077) return undefined;
    const { token, expires_at_ms, refresh_token } = tokenFile.parse(JSON.parse(await file.readFile('utf8')));
    return { token, expiresAtMs: expires_at_ms, refreshToken: refresh_token };
  } catch {
    return undefined; // absent, cut off or of another version: a new login mends all three
  }
}

export async function writeTokenFile(path: string, kept: KeptToken): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  {
    await using file = await open(draft, 'wx', 0o600);
    const { token, expiresAtMs: expires_at_ms, refreshToken: refresh_token } = kept;
    await file.writeFile(JSON.stringify({ format: 'sallyport-token-1', token, expires_at_ms, refresh_token }));
  }
  await rename(draft, path);
}

export function removeTokenFile(path: string): Promise<void> {
  return rm(path, { force: true });
}
