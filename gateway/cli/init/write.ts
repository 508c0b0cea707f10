import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { appendFile, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { noteSigner } from '../../audit/note.ts';
import { packageRoot } from '../../composition/version.ts';
import { credentialStore, newMasterKey, parseMasterKey, Secret } from '../../credentials/index.ts';
import { generateSigningKey } from '../../policy/bundle/keys.ts';
import { buildFrom } from '../policy.ts';
import { yamlText } from '../yaml-text.ts';
import type { Answers } from './answers.ts';
import { makeAuthority, makeServerCertificate, validFor } from './certificate.ts';
import { configName, filling } from './directory.ts';
import { configText } from './template.ts';

const certificateDays = 825; // as long as clients trust a server's certificate
const bundleDays = 365;

/**
 * Writes a directory from which the gateway runs: configuration, keys, certificates, the encrypted store, and the default policies
 * with the bundle built from them. Never writes over anything: the directory has to be new or empty.
 * @returns the configuration file
 */
export function writeHome(answers: Answers, onStep: (what: string) => void): Promise<string> {
  return filling(answers.dir, () => writeParts(answers, onStep));
}

async function writeParts(answers: Answers, onStep: (what: string) => void): Promise<string> {
  const { dir, target, password } = answers;
  const at = (...parts: readonly string[]): string => join(dir, ...parts);
  for (const part of ['keys', 'tls', 'policy']) await mkdir(at(part), { mode: 0o700 });

  onStep('keys');
  const bundleKey = generateSigningKey('main');
  await writePrivate(at('keys/bundle.key'), bundleKey.signing.privateKeyPem);
  await writeFile(at('keys/bundle.pub'), bundleKey.trusted.publicKeyPem);
  const auditKey = generateKeyPairSync('ed25519').privateKey;
  await writePrivate(at('keys/audit.key'), auditKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  await writeFile(at('keys/audit.pub'), `${noteSigner(`${target.name}.sallyport/audit`, auditKey).verifierKey}\n`);
  await writePrivate(at('keys/masking.key'), `${randomBytes(32).toString('base64')}\n`);
  const master = newMasterKey();
  await writePrivate(at('keys/credentials.key'), `${master}\n`);

  onStep('certificate');
  const validity = validFor(certificateDays, new Date());
  const authority = makeAuthority('Sallyport authority', validity);
  const names = [...new Set(['localhost', '127.0.0.1', '::1', answers.listen.host])].filter(
    (n) => n !== '0.0.0.0' && n !== '::',
  );
  const server = makeServerCertificate(authority, ['localhost', ...names.slice(1)], validity);
  await writeFile(at('tls/ca.pem'), authority.certificate);
  await writePrivate(at('tls/ca.key'), authority.key);
  await writeFile(at('tls/server.pem'), server.certificate);
  await writePrivate(at('tls/server.key'), server.key);

  if ('value' in password) {
    onStep('encrypted store');
    const store = credentialStore(at('credentials.json'), parseMasterKey(master), { now: Date.now });
    await store.set(`${target.name}/${target.login}`, new Secret(password.value));
  }

  onStep('policies');
  await copyPolicies(dir, target.name);
  await buildFrom({
    policies: [at('policies')],
    tests: [at('policy-tests')],
    key: { id: 'main', algorithm: 'ES256', file: at('keys/bundle.key') },
    out: at('policy/bundle.tar.gz'),
    sequence: Date.now(),
    expiresDays: bundleDays,
    onStep: (step) => onStep(`bundle: ${step}`),
  });

  await writeFile(at(configName), configText(answers));
  return at(configName);
}

/** The default pack, to be read and changed. The schemas stay with the gateway: they are its side of the contract. */
async function copyPolicies(dir: string, target: string): Promise<void> {
  const policies = join(packageRoot, 'policies');
  for (const entry of await readdir(policies, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === 'schemas') continue;
    await cp(join(policies, entry.name), join(dir, 'policies', entry.name), { recursive: true });
  }
  await cp(join(packageRoot, 'policy-tests'), join(dir, 'policy-tests'), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts'),
  });
  if (target === 'crm') return; // the example in the default pack
  const yours = `\n# Your database. Name the columns that not everybody may read:\n#   public.people.email: [pii.email]\n${yamlText(target)}: {}\n`;
  await appendFile(join(dir, 'policies/columns/data.yaml'), yours);
}

function writePrivate(file: string, text: string): Promise<void> {
  return writeFile(file, text, { mode: 0o600, flag: 'wx' });
}
