import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Config, Remark } from '../config/index.ts';
import { type Credentials, credentialStore, openCredentials, readMasterKey } from '../credentials/index.ts';
import { publicKeyOf } from '../policy/bundle/keys.ts';
import { auditKey, type Environment, trustedKeys } from './secrets.ts';

/** What is wrong with what the configuration points at, and where it points from. */
export interface ContentRemarks {
  /** The gateway cannot start. */
  readonly broken: readonly Remark[];
  /** It starts, and what needs this fails each time until it is mended. */
  readonly doubtful: readonly Remark[];
}

type Path = readonly (string | number)[];

/** Sections whose secrets are needed to start; others are read anew when they are needed, and their loss is not everybody's. */
const neededAtStart: readonly (string | number)[] = ['listen', 'credentials', 'masking', 'audit', 'notify'];

/** Reads each key, certificate and secret as the gateway will. Asks no network. */
export async function contentRemarks(config: Config, env: Environment): Promise<ContentRemarks> {
  const broken: Remark[] = [];
  const doubtful: Remark[] = [];
  const look = async (path: Path, read: () => unknown): Promise<void> => {
    const message = await complaint(read);
    if (message !== undefined)
      (neededAtStart.includes(path[0] ?? '') || path[0] === 'policy' ? broken : doubtful).push({ path, message });
  };

  await look(['audit', 'key'], () => auditKey(config.audit.key, env));
  for (const [door, { tls }] of [
    ['postgres', config.listen.postgres],
    ['admin', config.listen.admin],
  ] as const) {
    if (!tls) continue;
    await look(['listen', door, 'tls', 'cert'], () => certificateIn(tls.cert));
    await look(['listen', door, 'tls', 'key'], () => assertPair(tls));
  }
  for (const [i, target] of config.targets.entries()) {
    if (target.protocol !== 'postgres' || target.tls.ca === undefined) continue;
    const { ca } = target.tls;
    await look(['targets', i, 'tls', 'ca'], () => certificateIn(ca));
  }
  for (const [i, key] of (await trustedKeys(config)).entries())
    await look(['policy', 'keys', i, 'file'], () => publicKeyOf(key));

  const { credentials } = config;
  let secrets: Credentials = openCredentials(env, undefined);
  if (credentials) {
    await look(['credentials', 'key'], async () => {
      const master = await readMasterKey(credentials.key, env);
      secrets = openCredentials(env, credentialStore(credentials.store, master, { now: Date.now }));
    });
  }
  const isKeyless = broken.some(({ path }) => path[0] === 'credentials');
  for (const { path, at } of referencesIn(config)) {
    if (path[0] === 'credentials' || path[0] === 'audit' || ('store' in at && isKeyless)) continue; // said above
    await look(path, () => secrets.resolve(at));
  }
  return { broken, doubtful };
}

async function complaint(read: () => unknown): Promise<string | undefined> {
  try {
    await read();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function certificateIn(file: string): Promise<X509Certificate> {
  const pem = await readFile(file);
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new Error(`${file} holds no certificate in PEM: expected -----BEGIN CERTIFICATE-----`, { cause });
  }
}

async function assertPair({ cert, key }: { readonly cert: string; readonly key: string }): Promise<void> {
  const pem = await readFile(key);
  const certificate = await certificateIn(cert).catch(() => undefined);
  let opened;
  try {
    opened = createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${key} holds no private key in PEM, or one with a passphrase`, { cause });
  }
  if (certificate?.checkPrivateKey(opened) === false)
    throw new Error(`${key} is not the key of the certificate in ${cert}`);
}

type Reference = Parameters<Credentials['resolve']>[0];

/** Each place of the configuration that says where a secret is: a mapping of `env`, `file` or `store` alone. */
function referencesIn(value: unknown, path: Path = []): readonly { readonly path: Path; readonly at: Reference }[] {
  if (typeof value !== 'object' || value === null) return [];
  const reference = referenceOf(value);
  if (reference) return [{ path, at: reference }];
  if (Array.isArray(value)) return value.flatMap((item: unknown, i) => referencesIn(item, [...path, i]));
  // Labels are the author's own words: `env: prod` is no variable.
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) =>
    key === 'labels' ? [] : referencesIn(item, [...path, key]),
  );
}

function referenceOf(value: object): Reference | undefined {
  const [[key, name] = [], ...others] = Object.entries(value) as [string, unknown][]; // of any object
  if (others.length > 0 || typeof name !== 'string') return undefined;
  switch (key) {
    case 'env':
      return { env: name };
    case 'file':
      return { file: name };
    case 'store':
      return { store: name };
    default:
      return undefined;
  }
}
