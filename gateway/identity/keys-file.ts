import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { z } from 'zod';
import { publicKeys } from './fetch-keys.ts';

/** An issuer's keys and when they were fetched, milliseconds since the epoch. */
export interface FetchedKeys {
  readonly keys: readonly JWK[];
  readonly fetchedAtMs: number;
}

const keysFile = z.object({ issuer: z.string(), fetched_at_ms: z.number(), jwks: z.unknown() });

/**
 * Keys kept on disk, so that a restart in the middle of an issuer's outage locks nobody out. One file for each issuer.
 * Whoever can write here can mint identities: a file that others could have written is not read.
 */
export async function readKeysFile(dir: string, issuer: string): Promise<FetchedKeys | undefined> {
  const path = pathOf(dir, issuer);
  let text: string;
  try {
    const { mode } = await stat(path);
    if (mode & 0o022) throw new Error(`${path} can be written by others and is not trusted`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const kept = keysFile.parse(JSON.parse(text));
  if (kept.issuer !== issuer) throw new Error(`${path} is for another issuer`);
  return { keys: publicKeys(kept.jwks), fetchedAtMs: kept.fetched_at_ms };
}

/** Replaces the file in one step: a crash leaves the old one or the new one. */
export async function writeKeysFile(dir: string, issuer: string, fetched: FetchedKeys): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const path = pathOf(dir, issuer);
  const draft = `${path}.${randomUUID()}`;
  {
    await using file = await open(draft, 'wx', 0o600);
    await file.writeFile(JSON.stringify({ issuer, fetched_at_ms: fetched.fetchedAtMs, jwks: { keys: fetched.keys } }));
    await file.sync();
  }
  await rename(draft, path);
}

function pathOf(dir: string, issuer: string): string {
  return join(dir, `${createHash('sha256').update(issuer).digest('hex').slice(0, 32)}.json`);
}
