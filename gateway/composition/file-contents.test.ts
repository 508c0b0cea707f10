import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatConfigError, loadConfig } from '../config/index.ts';
import { credentialStore, newMasterKey, parseMasterKey, Secret } from '../credentials/index.ts';
import { tlsPair } from '../testing/tls.ts';
import { contentRemarks } from './file-contents.ts';

const text = `listen:
  postgres: { tls: { cert: tls.crt, key: tls.key } }
state_dir: state
identity:
  issuers: [{ issuer: https://login.example.com, audience: sallyport, algorithms: [ES256] }]
targets:
  - name: crm
    protocol: postgres
    host: db.example.com
    database: crm
    tls: { ca: ca.pem }
    labels: { env: prod }
    roles: { app: { password: { store: crm/app } } }
policy: { bundle: b.tar.gz, keys: [{ id: main, algorithm: ES256, file: bundle.pub }] }
credentials: { store: credentials.json, key: { file: master.key } }
masking: { key: { file: masking.key } }
recordings: { dir: recordings }
audit: { dir: audit, origin: x/audit, key: { file: audit.key } }
`;
const pem = (type: 'pkcs8' | 'spki', kind: 'ed25519' | 'ec'): string => {
  const pair = kind === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  return (
    type === 'pkcs8' ? pair.privateKey.export({ type, format: 'pem' }) : pair.publicKey.export({ type, format: 'pem' })
  ).toString();
};
let dir: string;

afterEach(() => rm(dir, { recursive: true }));

const write = (name: string, content: string) => writeFile(join(dir, name), content, { mode: 0o600 });

/** Everything as it should be. */
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sallyport-contents-'));
  const tls = tlsPair();
  const master = newMasterKey();
  await Promise.all([
    write('sallyport.yaml', text),
    write('tls.crt', tls.cert),
    write('tls.key', tls.key),
    write('ca.pem', tls.ca),
    write('bundle.pub', pem('spki', 'ec')),
    write('audit.key', pem('pkcs8', 'ed25519')),
    write('master.key', master),
    write('masking.key', randomBytes(32).toString('base64')),
  ]);
  const store = credentialStore(join(dir, 'credentials.json'), parseMasterKey(master), { now: () => 0 });
  await store.set('crm/app', new Secret('x'));
});

async function remarks() {
  const read = await loadConfig(join(dir, 'sallyport.yaml'));
  if (!read.ok) throw new Error(read.errors.map(formatConfigError).join('\n'));
  const { broken, doubtful } = await contentRemarks(read.config, {});
  const said = (error: (typeof broken)[number]) => formatConfigError(read.place(error)).replaceAll(`${dir}/`, '');
  return { broken: broken.map(said), doubtful: doubtful.map(said) };
}

test('files that hold what they should leave nothing to say', async () => {
  expect(await remarks()).toEqual({ broken: [], doubtful: [] });
});

test.each<readonly [string, string, () => string, string]>([
  [
    'a certificate that is none',
    'tls.crt',
    () => pem('spki', 'ec'),
    '2:28: listen.postgres.tls.cert: tls.crt holds no certificate',
  ],
  ['a key that is none', 'tls.key', () => 'x', '2:42: listen.postgres.tls.key: tls.key holds no private key'],
  [
    'the key of another certificate',
    'tls.key',
    () => tlsPair().key,
    '2:42: listen.postgres.tls.key: tls.key is not the key of the certificate in tls.crt',
  ],
  [
    'a bundle key that is none',
    'bundle.pub',
    () => 'x',
    '14:72: policy.keys[0].file: bundle key main is not a PEM key',
  ],
  ['a bundle key of another algorithm', 'bundle.pub', () => pem('spki', 'ed25519'), 'policy.keys[0].file: '],
  [
    'an audit key that is none',
    'audit.key',
    () => 'x',
    '18:44: audit.key: the audit log’s signing key is no private key in PEM',
  ],
  [
    'an audit key of another kind',
    'audit.key',
    () => pem('pkcs8', 'ec'),
    'audit.key: the audit log is signed by an Ed25519 key',
  ],
  ['a master key that is too short', 'master.key', () => 'x', '15:46: credentials.key: a master key is 32 bytes'],
  ['an empty masking key', 'masking.key', () => '', '16:17: masking.key: masking.key is not set or empty'],
])('%s keeps the gateway from starting, and is named where it stands', async (_what, file, content, expected) => {
  await write(file, content());
  const { broken, doubtful } = await remarks();
  expect(broken).toEqual([expect.stringContaining(expected)]);
  expect(doubtful).toEqual([]);
});

test('a key that everybody may read is refused with the command that closes it', async () => {
  await chmod(join(dir, 'audit.key'), 0o644);
  const { broken } = await remarks();
  expect(broken).toEqual([expect.stringContaining('open to everybody (mode 644); run: chmod 600 audit.key')]);
});

test.each<readonly [string, () => Promise<unknown>, string]>([
  [
    'a secret that is not in the store',
    () => rm(join(dir, 'credentials.json')),
    '13:31: targets[0].roles.app.password: there is no secret "crm/app"; run: sallyport credentials set crm/app',
  ],
  ['an authority that is none', () => write('ca.pem', 'x'), '11:16: targets[0].tls.ca: ca.pem holds no certificate'],
])('%s concerns one target, and the others start', async (_what, breakIt, expected) => {
  await breakIt();
  const { broken, doubtful } = await remarks();
  expect(broken).toEqual([]);
  expect(doubtful).toEqual([expect.stringContaining(expected)]);
});
