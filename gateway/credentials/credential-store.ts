import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { SallyportError } from '../contract/errors.ts';
import type { Clock } from '../contract/ports.ts';
import { openEnvelope, rewrapEnvelope, sealEnvelope } from './envelope.ts';
import type { Envelope } from './envelope.ts';
import type { MasterKey } from './master-key.ts';
import { readPrivateFile } from './private-file.ts';
import type { Secret } from './secret.ts';

/**
 * Secrets in one encrypted file. Each call reads the file anew, so the command line and a running gateway see the same.
 * FLAW: whoever can write the file can put a whole older copy of it back; only a counter kept elsewhere could tell.
 */
export interface CredentialStore {
  /** @throws SallyportError `credential-missing` when there is none of that name, or it was changed */
  get(name: string): Promise<Secret>;
  /** @returns the version, counted from 1 */
  set(name: string, secret: Secret): Promise<number>;
  /** Names, never values, in order. */
  list(): Promise<readonly CredentialEntry[]>;
  /** @returns false when there was none */
  remove(name: string): Promise<boolean>;
  /** Wraps every secret with another master key, in one step. @returns how many */
  rotate(to: MasterKey): Promise<number>;
}

export interface CredentialEntry {
  readonly name: string;
  readonly version: number;
  /** RFC 3339. */
  readonly setAt: string;
  readonly keyId: string;
}

const envelope = z.strictObject({
  version: z.int().min(1),
  set_at: z.string(),
  key_id: z.string(),
  wrapped_key: z.base64(),
  sealed: z.base64(),
});
const storeFile = z.strictObject({
  format: z.literal('sallyport-credentials-1'),
  secrets: z.record(z.string(), envelope),
});
type Secrets = ReadonlyMap<string, Envelope>;

const lockTries = 100;
const lockWaitMs = 50;

/** The file is made at the first `set`. */
export function credentialStore(path: string, master: MasterKey, clock: Clock): CredentialStore {
  return {
    async get(name) {
      const found = (await readStore(path)).get(name);
      if (!found)
        throw new SallyportError(
          'credential-missing',
          `there is no secret "${name}"; run: sallyport credentials set ${name}`,
        );
      return openEnvelope(name, found, master);
    },
    set: (name, secret) =>
      change(path, (secrets) => {
        assertName(name);
        const version = (secrets.get(name)?.version ?? 0) + 1;
        const sealed = sealEnvelope(name, version, new Date(clock.now()).toISOString(), secret, master);
        return [version, new Map([...secrets, [name, sealed]])];
      }),
    async list() {
      const entries = [...(await readStore(path))];
      return entries
        .map(([name, { version, set_at, key_id }]) => ({ name, version, setAt: set_at, keyId: key_id }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    remove: (name) =>
      change(path, (secrets) => [secrets.has(name), new Map([...secrets].filter(([other]) => other !== name))]),
    rotate: (to) =>
      change(path, (secrets) => {
        const rewrapped = [...secrets].map(([name, one]) => [name, rewrapEnvelope(name, one, master, to)] as const);
        return [rewrapped.length, new Map(rewrapped)];
      }),
  };
}

function assertName(name: string): void {
  if (/^[A-Za-z0-9][\w./-]{0,127}$/.test(name)) return;
  throw new SallyportError('config-invalid', 'a secret\'s name has letters, digits and "._/-", 128 at most');
}

async function readStore(path: string): Promise<Secrets> {
  let text: string;
  try {
    text = await readPrivateFile(path);
  } catch (error) {
    // No file yet is an empty store; a file that cannot be read is an error.
    if (error instanceof SallyportError && isAbsent(error.cause)) return new Map();
    throw error;
  }
  try {
    return new Map(Object.entries(storeFile.parse(JSON.parse(text)).secrets));
  } catch (cause) {
    throw new SallyportError('credential-missing', `${path} is not a credential store`, { cause });
  }
}

/** Reads, changes and replaces the file while nobody else does. A crash leaves the old file or the new one. */
async function change<T>(path: string, edit: (secrets: Secrets) => readonly [T, Secrets]): Promise<T> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await using _ = await lock(`${path}.lock`);
  const [result, secrets] = edit(await readStore(path));
  const draft = `${path}.${randomUUID()}`;
  {
    await using file = await open(draft, 'wx', 0o600);
    await file.writeFile(
      `${JSON.stringify({ format: 'sallyport-credentials-1', secrets: Object.fromEntries(secrets) }, null, 2)}\n`,
    );
    await file.sync();
  }
  await rename(draft, path);
  return result;
}

async function lock(path: string): Promise<AsyncDisposable> {
  for (let i = 0; i < lockTries; i++) {
    try {
      await (await open(path, 'wx', 0o600)).close();
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    } catch (error) {
      if (!isPresent(error)) throw error;
      await sleep(lockWaitMs);
    }
  }
  throw new SallyportError('store-unavailable', `${path} is held by another process; remove it if none is running`);
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function isPresent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
