import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { version } from '../composition/version.ts';
import { loadConfig } from '../config/index.ts';
import { type Gateway, startGateway } from '../main.ts';
import { findOpa } from '../policy/build/opa.ts';
import { type Pack, packNames, shippedPacks } from '../policy/build/pack.ts';
import { generateSigningKey, type SigningKey } from '../policy/bundle/keys.ts';
import { buildOnce } from '../policy/kept-bundles.ts';
import type { IdpPrincipal } from './idp-principal.ts';
import { type Idp, startIdp } from './idp.ts';
import { freePort } from './ports.ts';
import { tlsPair } from './tls.ts';

/** The gateway itself for real, with an identity provider and a signed bundle of the default pack. The targets are the caller's. */
export interface GatewayRig extends AsyncDisposable {
  readonly dir: string;
  readonly gateway: Gateway;
  readonly idp: Idp;
  readonly configFile: string;
  readonly signing: SigningKey;
  /** PEM of the authority behind the gateway's certificate. */
  readonly ca: string;
  readonly caFile: string;
  readonly port: number;
  /** Lines of the gateway's log. */
  readonly log: readonly string[];
  token(principal: string): Promise<string>;
  /** Builds another bundle from these policy directories on top of the default pack and waits until it is in force. */
  publish(directories: readonly string[]): Promise<void>;
}

export interface GatewayRigOptions {
  /** Merged over the configuration, section by section. With a `policy.bundle` of its own, the default pack is not built. */
  readonly config?: { readonly [section: string]: object };
  /** Directories of Rego on top of the default pack. */
  readonly policies?: readonly string[];
  readonly principals?: readonly IdpPrincipal[];
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const shipped = join(root, 'policies');
/** The labels of the shop's columns, which are an example and belong to no pack. */
const columns: Pack = { name: 'columns', version: version(), root: shipped, under: 'columns' };

export const rigPrincipals: readonly IdpPrincipal[] = [
  { name: 'ana', kind: 'human', groups: ['readers'] },
  { name: 'ben', kind: 'human', groups: ['dba'] },
  { name: 'dora', kind: 'human', groups: ['dba', 'approvers'] },
  { name: 'carl', kind: 'human', groups: ['compliance', 'readers'] },
  { name: 'eve', kind: 'human', groups: [] },
  { name: 'otto', kind: 'human', groups: ['auditors'] },
  { name: 'billing-agent', kind: 'agent', groups: ['readers', 'agents'] },
  { name: 'ops-agent', kind: 'agent', groups: ['developers', 'agents'] },
];

/** Writes a file that only we may read beside the configuration. @returns its path */
export type WriteFile = (name: string, text: string | Buffer) => Promise<string>;

/** @param targetsOf the section `targets`, unless the options' configuration has one; called once there is a place for its files */
export async function startGatewayRig(
  options: GatewayRigOptions,
  targetsOf: (file: WriteFile) => Promise<readonly object[]> = async () => [],
): Promise<GatewayRig> {
  await using opening = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-rig-'));
  opening.defer(() => rm(dir, { recursive: true, force: true }));
  const idp = opening.use(await startIdp({ principals: options.principals ?? rigPrincipals }));

  const { signing, trusted } = generateSigningKey('rig');
  const bundle = join(dir, 'bundle.tar.gz');
  const opa = await findOpa(process.env);
  let sequence = 0;
  const build = (directories: readonly string[]) =>
    buildOnce(process.env, {
      sources: {
        // As packs, over whose data a test lays its own.
        policies: [...shippedPacks(shipped, version(), packNames), columns, ...directories],
        tests: [join(root, 'policy-tests')],
        schemas: join(root, 'policies/schemas'),
        capabilities: join(root, 'policies/capabilities.json'),
      },
      out: bundle,
      key: signing,
      sequence: ++sequence,
      builtAtMs: Date.now(),
      expiresAtMs: Date.now() + 86_400_000,
      opa,
    });
  const isElsewhere = Object.hasOwn(options.config?.['policy'] ?? {}, 'bundle');
  if (!isElsewhere) await build(options.policies ?? []);

  const tls = tlsPair();
  const file: WriteFile = async (name, text) => {
    await writeFile(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const { privateKey } = generateKeyPairSync('ed25519');
  const caFile = await file('ca.pem', tls.ca);
  await mkdir(join(dir, 'state'), { recursive: true });
  const config: { readonly [section: string]: unknown } = {
    listen: {
      postgres: {
        host: '127.0.0.1',
        port: await freePort(),
        tls: { cert: await file('tls.crt', tls.cert), key: await file('tls.key', tls.key) },
        cleartext_loopback: true,
      },
      admin: { host: '127.0.0.1', port: await freePort() },
    },
    state_dir: join(dir, 'state'),
    identity: { issuers: [idp.settings] },
    targets: await targetsOf(file),
    policy: {
      bundle,
      keys: [{ id: trusted.id, algorithm: trusted.algorithm, file: await file('bundle.pub', trusted.publicKeyPem) }],
    },
    masking: { key: { file: await file('masking', randomBytes(32).toString('base64')) } },
    recordings: { dir: join(dir, 'recordings') },
    audit: {
      dir: join(dir, 'audit'),
      origin: 'rig.example/audit',
      key: { file: await file('audit.key', privateKey.export({ type: 'pkcs8', format: 'pem' })) },
    },
    log: { level: 'debug' },
  };
  const configFile = await file('sallyport.yaml', stringify(merged(config, options.config ?? {})));
  const loaded = await loadConfig(configFile);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const log: string[] = [];
  const gateway = opening.use(
    await startGateway(loaded.config, {
      sink: { write: (line) => void log.push(line) },
      configFile,
    }),
  );
  const opened = opening.move();
  return {
    dir,
    gateway,
    idp,
    configFile,
    signing,
    ca: tls.ca,
    caFile,
    port: gateway.addresses.postgres.port,
    log,
    token: (principal) => idp.token(principal),
    publish: async (directories) => {
      await build(directories);
      await gateway.refreshPolicy();
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function merged(
  config: { readonly [section: string]: unknown },
  over: { readonly [section: string]: object },
): { readonly [section: string]: unknown } {
  const result: Record<string, unknown> = { ...config };
  for (const [section, values] of Object.entries(over)) {
    const before = result[section];
    result[section] = Array.isArray(values) ? values : { ...(typeof before === 'object' ? before : {}), ...values };
  }
  return result;
}
