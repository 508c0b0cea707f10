import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { z } from 'zod';
import { makeAuthority, makeServerCertificate, validFor } from '../../gateway/cli/init/certificate.ts';
import { buildFrom } from '../../gateway/cli/policy.ts';
import { newMasterKey } from '../../gateway/credentials/index.ts';
import { generateSigningKey } from '../../gateway/policy/bundle/keys.ts';
import { newIdpKey } from '../../gateway/testing/idp.ts';
import type { TlsPair } from '../../gateway/testing/tls.ts';
import { root, type Home } from './home.ts';

/** What the demo signs and encrypts with. Made once and kept: certificates that were trusted stay so. */
export interface DemoKeys {
  readonly dir: string;
  readonly tls: TlsPair;
  readonly idp: JWK;
}

const certificateDays = 397;

export async function openKeys(home: Home): Promise<DemoKeys> {
  const dir = join(home.kept, 'keys');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const tls = z.object({ ca: z.string(), cert: z.string(), key: z.string() });
  await keep(join(dir, 'masking.key'), () => randomBytes(32).toString('base64'));
  await keep(join(dir, 'credentials.key'), newMasterKey);
  await keep(join(dir, 'audit.key'), () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  const bundle = await keep(join(dir, 'bundle.json'), () => {
    const { signing, trusted } = generateSigningKey('demo');
    return JSON.stringify({ key: signing.privateKeyPem, pub: trusted.publicKeyPem });
  });
  const { key, pub } = z.object({ key: z.string(), pub: z.string() }).parse(JSON.parse(bundle));
  await writeFile(join(dir, 'bundle.key'), key, { mode: 0o600 });
  await writeFile(join(dir, 'bundle.pub'), pub);
  const pair = await keep(join(dir, 'tls.json'), () => JSON.stringify(makeTls()));
  const idp = await keep(join(dir, 'idp.json'), async () => JSON.stringify(await newIdpKey()));
  const jwk = z.record(z.string(), z.string()).parse(JSON.parse(idp));
  return { dir, tls: tls.parse(JSON.parse(pair)), idp: jwk };
}

/**
 * The bundle of the policies as they are now: built when they, or what builds them, changed.
 * @returns the bundle's file, and whether it had to be built
 */
export async function openBundle(
  home: Home,
  keys: DemoKeys,
  onStep: (step: string) => void,
): Promise<{ readonly file: string; readonly built: boolean }> {
  const digest = await digestOf(['policies', 'policy-tests', 'gateway/policy/build', 'gateway/policy/bundle']);
  const file = join(home.kept, `bundle-${digest}`, 'bundle.tar.gz');
  const fresh = await stat(file)
    .then((s) => Date.now() - s.mtimeMs < 30 * 86_400_000)
    .catch(() => false);
  if (fresh) return { file, built: false };
  await buildFrom({
    policies: [join(root, 'policies')],
    tests: [join(root, 'policy-tests')],
    key: { id: 'demo', algorithm: 'ES256', file: join(keys.dir, 'bundle.key') },
    out: file,
    sequence: Date.now(),
    expiresDays: 365,
    onStep,
  });
  return { file, built: true };
}

/** For the gateway's listener and for the database: both are this machine. */
function makeTls(): TlsPair {
  const validity = validFor(certificateDays, new Date());
  const authority = makeAuthority('Sallyport demo authority', validity);
  const server = makeServerCertificate(authority, ['localhost', '127.0.0.1', '::1'], validity);
  return { ca: authority.certificate, cert: server.certificate, key: server.key };
}

async function keep(file: string, make: () => string | Promise<string>): Promise<string> {
  const found = await readFile(file, 'utf8').catch(() => undefined);
  if (found !== undefined) return found;
  const made = await make();
  await writeFile(file, made, { mode: 0o600 });
  return made;
}

async function digestOf(dirs: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const dir of dirs) {
    const entries = await readdir(join(root, dir), { recursive: true, withFileTypes: true });
    const files = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
    for (const file of files.toSorted())
      hash
        .update(file)
        .update('\0')
        .update(await readFile(file))
        .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
