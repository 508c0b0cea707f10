import { mkdir, writeFile } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { formatConfigError, loadConfig } from '../../gateway/config/index.ts';
import { credentialStore, readMasterKey, Secret } from '../../gateway/credentials/index.ts';
import { startGateway } from '../../gateway/main.ts';
import { startIdp, type Idp } from '../../gateway/testing/idp.ts';
import { freePort } from '../../gateway/testing/ports.ts';
import { startCrm, type CrmDatabase } from './database.ts';
import { openHome, type Home } from './home.ts';
import { type Host, hostTarget, startHost } from './host.ts';
import { openBundle, openKeys, type DemoKeys } from './keys.ts';
import { portOr } from './port-or.ts';
import { principals } from './principals.ts';
import { step } from './progress.ts';

/** Everything that the demo runs, and what one needs to try it. Disposing of it stops all of it. */
export interface World extends AsyncDisposable {
  readonly postgres: { readonly host: string; readonly port: number };
  /** Where the gateway speaks SSH for the host `web1`, and a directory there, from its root; or why there is no host here. */
  readonly ssh: { readonly port: number; readonly dir: string } | { readonly missing: string };
  readonly admin: string;
  readonly idp: Idp;
  /** The directory of this start. */
  readonly dir: string;
  readonly caFile: string;
  readonly configFile: string;
  /** Each principal's token, and the file that holds it. */
  readonly tokens: ReadonlyMap<string, { readonly token: string; readonly file: string }>;
}

const tokenLifetimeS = 12 * 3600;

/** @param name `demo` or `tour` */
export async function startWorld(name: string): Promise<World> {
  await using opening = new AsyncDisposableStack();
  const home = await openHome(name);
  const keys = await step(
    'keys',
    () => openKeys(home),
    () => 'certificates, signing and masking keys',
  );
  const bundle = await step(
    'policies',
    (at) => openBundle(home, keys, at),
    (b) => (b.built ? 'checked, tested, compiled to WebAssembly, signed' : 'signed bundle, unchanged'),
  );
  const crm = await step(
    'PostgreSQL 18',
    async () => {
      const started = await startCrm(home, keys.tls, await freePort());
      opening.use(started.server);
      return started;
    },
    (c) => `database crm with made-up customers, port ${String(c.server.port)}`,
  );
  const host = await step(
    'sshd',
    async () => {
      const started = await startHost(home);
      if ('sshd' in started) opening.use(started.sshd);
      return started;
    },
    (h) => ('sshd' in h ? `host web1, port ${String(h.sshd.port)}` : `left out: ${h.missing}`),
  );
  const idp = await step(
    'identity provider',
    async () => {
      return opening.use(
        await startIdp({ principals, port: await portOr(6490), key: keys.idp, lifetimeS: tokenLifetimeS }),
      );
    },
    (i) => `${i.issuer}, ${String(principals.length)} people and agents`,
  );
  const ports = { postgres: await portOr(6432), ssh: await portOr(6422), admin: await portOr(6480) };
  const configFile = await writeConfig(home, keys, { bundle: bundle.file, crm, host, idp, ports });
  const gateway = await step(
    'gateway',
    async () => {
      const read = await loadConfig(configFile);
      if (!read.ok) throw new Error(read.errors.map(formatConfigError).join('\n'));
      const log = createWriteStream(join(home.run, 'gateway.log'));
      return opening.use(await startGateway(read.config, { sink: { write: (line) => void log.write(line) } }));
    },
    (g) => `listening on localhost:${String(g.addresses.postgres.port)}`,
  );

  const tokens = await writeTokens(home, idp);
  const opened = opening.move();
  return {
    postgres: { host: 'localhost', port: gateway.addresses.postgres.port },
    ssh: 'sshd' in host ? { port: ports.ssh, dir: host.sshd.dir } : host,
    admin: `http://127.0.0.1:${String(gateway.addresses.admin.port)}`,
    idp,
    dir: shown(home.run),
    caFile: shown(join(home.run, 'ca.pem')),
    configFile: shown(configFile),
    tokens,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

interface Parts {
  readonly bundle: string;
  readonly crm: CrmDatabase;
  readonly host: Host;
  readonly idp: Idp;
  readonly ports: { readonly postgres: number; readonly ssh: number; readonly admin: number };
}

/** The configuration that anybody would write for this database, this host and this issuer, and the two passwords in the encrypted store. */
async function writeConfig(home: Home, keys: DemoKeys, { bundle, crm, host, idp, ports }: Parts): Promise<string> {
  const caFile = join(home.run, 'ca.pem');
  const certFile = join(home.run, 'server.pem');
  const keyFile = join(home.run, 'listener.key');
  await Promise.all([
    writeFile(caFile, keys.tls.ca),
    writeFile(certFile, keys.tls.cert),
    writeFile(keyFile, keys.tls.key, { mode: 0o600 }),
  ]);
  const credentials = { store: join(home.run, 'credentials.json'), key: { file: join(keys.dir, 'credentials.key') } };
  const store = credentialStore(credentials.store, await readMasterKey(credentials.key, {}), { now: Date.now });
  for (const login of ['app', 'owner'] as const) await store.set(`crm/${login}`, new Secret(crm.passwords[login]));

  const file = join(home.run, 'sallyport.yaml');
  const config = {
    listen: {
      postgres: { host: '127.0.0.1', port: ports.postgres, tls: { cert: certFile, key: keyFile } },
      ...('sshd' in host && { ssh: { host: '127.0.0.1', port: ports.ssh } }),
      admin: { host: '127.0.0.1', port: ports.admin },
    },
    state_dir: 'state',
    identity: { issuers: [idp.settings] },
    targets: [
      {
        name: 'crm',
        protocol: 'postgres',
        host: 'localhost',
        port: crm.server.port,
        database: 'crm',
        tls: { mode: 'verify-full', ca: caFile },
        labels: { env: 'prod' },
        roles: { app: { password: { store: 'crm/app' } }, owner: { password: { store: 'crm/owner' } } },
        catalog_role: 'owner',
      },
      ...('sshd' in host ? [hostTarget(host.sshd)] : []),
    ],
    policy: { bundle, keys: [{ id: 'demo', algorithm: 'ES256', file: join(keys.dir, 'bundle.pub') }] },
    credentials,
    masking: { key: { file: join(keys.dir, 'masking.key') } },
    recordings: { dir: 'recordings' },
    audit: { dir: 'audit', origin: 'demo.sallyport/audit', key: { file: join(keys.dir, 'audit.key') } },
    limits: { drain_ms: 500 },
  };
  await writeFile(file, stringify(config), { mode: 0o600 });
  return file;
}

async function writeTokens(home: Home, idp: Idp): Promise<World['tokens']> {
  const dir = join(home.run, 'tokens');
  await mkdir(dir, { mode: 0o700 });
  const tokens = new Map<string, { readonly token: string; readonly file: string }>();
  for (const { name } of principals) {
    const token = await idp.token(name, { lifetimeS: tokenLifetimeS });
    const file = join(dir, name);
    await writeFile(file, token, { mode: 0o600 });
    tokens.set(name, { token, file: shown(file) });
  }
  return tokens;
}

/** A path as somebody would type it here. */
function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}
