import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { maskingKeys, type Config, type KeyReference } from '../config/index.ts';
import { SallyportError } from '../contract/errors.ts';
import type { Clock } from '../contract/ports.ts';
import {
  credentialStore,
  type Credentials,
  openCredentials,
  readMasterKey,
  readPrivateFile,
} from '../credentials/index.ts';
import type { MaskKey } from '../enforce/masking/masks.ts';
import type { TrustedKey } from '../policy/bundle/keys.ts';

/** Variables of the process. */
export type Environment = Readonly<Record<string, string | undefined>>;

export async function openSecrets(config: Config, env: Environment, clock: Clock): Promise<Credentials> {
  const { credentials } = config;
  if (!credentials) return openCredentials(env, undefined);
  const master = await readMasterKey(credentials.key, env);
  return openCredentials(env, credentialStore(credentials.store, master, clock));
}

/** The key that signs checkpoints. @throws SallyportError `credential-missing` */
export async function auditKey(reference: KeyReference, env: Environment): Promise<KeyObject> {
  const pem = 'file' in reference ? await readPrivateFile(reference.file) : env[reference.env];
  if (pem === undefined || pem === '')
    throw new SallyportError('credential-missing', 'the audit log has no signing key');
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new SallyportError('credential-missing', 'the audit log’s signing key is no private key in PEM (PKCS #8)', {
      cause,
    });
  }
  throw new SallyportError('credential-missing', 'the audit log is signed by an Ed25519 key, and this is another kind');
}

/**
 * The key behind hashes and tokens: base64 or hex of at least 32 bytes, or the text itself.
 * @param version the one in use unless told
 * @throws SallyportError `credential-missing` when there is none of that version
 */
export async function maskingKey(
  { masking }: Pick<Config, 'masking'>,
  secrets: Credentials,
  version?: number,
): Promise<MaskKey> {
  const { all, current } = maskingKeys(masking);
  const wanted = version ?? current;
  const reference = all.get(wanted);
  if (!reference) throw new SallyportError('credential-missing', `there is no masking key of version ${wanted}`);
  const text = (await secrets.resolve(reference)).reveal().trim();
  return { secret: keyBytes(text), version: wanted };
}

function keyBytes(text: string): Buffer {
  if (/^[0-9a-f]{64,}$/i.test(text) && text.length % 2 === 0) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/]{43,}={0,2}$/.test(text)) return Buffer.from(text, 'base64');
  return Buffer.from(text);
}

/** Whose signatures count. */
export function trustedKeys({
  policy,
}: {
  readonly policy: Pick<Config['policy'], 'keys'>;
}): Promise<readonly TrustedKey[]> {
  return Promise.all(
    policy.keys.map(async ({ id, algorithm, file }) => ({
      id,
      algorithm,
      publicKeyPem: await readFile(file, 'utf8'),
    })),
  );
}
