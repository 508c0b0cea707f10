import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { apiClient } from '../../gateway/api/client.ts';
import { provided } from '../../gateway/testing/clients/walk.ts';
import { newMasterKey } from '../../gateway/credentials/index.ts';
import { writeWhole } from '../../gateway/policy/sources/files.ts';
import type { IdpPrincipal } from '../../gateway/testing/idp-principal.ts';
import { startIdp, type Idp } from '../../gateway/testing/idp.ts';
import { renumbered } from '../../gateway/policy/kept-bundles.ts';
import { freePort } from '../../gateway/testing/ports.ts';
import { startPostgres18 } from '../../gateway/testing/postgres.ts';
import { rigPrincipals, startRig, type Rig } from '../../gateway/testing/rig.ts';
import { startSshRig } from '../../gateway/testing/ssh/rig.ts';
import { root } from './markdown.ts';
import { Scene } from './scene.ts';
import { runSql } from './sql-client.ts';

/**
 * What a page's examples run against, by the comment `<!-- world: NAME -->` in it:
 *
 * - `rig`: the default pack, the made-up CRM and a gateway, shared by all pages that change no policy
 * - `policies`: another one, in a directory as `sallyport init` leaves it, whose bundle the page may build anew: each page begins with the default pack
 * - `sources`: such a directory alone, for pages that only check and test policies
 * - `fresh`: an empty database and an identity provider, and no gateway: the page starts its own
 * - `ssh`: a real sshd behind a gateway that does not know its key yet
 * - `none`: nothing but a terminal
 */
export interface PageWorld extends AsyncDisposable {
  readonly scene: Scene;
  token(person: string): Promise<string>;
  /** @param approver lets what is held run */
  sql(text: string, as: string, role: string, approver: string | undefined): Promise<string>;
  /** After each example: what it changed is in force. */
  settle(): Promise<void>;
}

/** The set-up script of a Python with Ansible in it, as `provided` takes it. */
export const ansible = ['python/venv.sh', 'ssh-requirements.txt'] as const;

/** Beside the configuration of the rig. */
const shadowFile = 'shadow.tar.gz';

const bundleOf = (rig: Rig) => join(rig.dir, 'bundle.tar.gz');

/** Rigs that pages share, started by the first that needs one. */
export class Rigs implements AsyncDisposable {
  readonly #open = new Map<string, Promise<Rig>>();
  readonly #dirs: string[] = [];
  readonly #first = new Map<Rig, Buffer>();

  get(name: string): Promise<Rig> {
    const known = this.#open.get(name);
    const found = known ? known.then((rig) => this.#afresh(rig)) : this.#start(name === 'policies');
    this.#open.set(name, found);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const rig of this.#open.values()) await (await rig)[Symbol.asyncDispose]();
    for (const dir of this.#dirs) await rm(dir, { recursive: true, force: true });
  }

  /** With an encrypted store, which the rig itself can do without. */
  async #start(shadow: boolean): Promise<Rig> {
    const dir = await mkdtemp(join(tmpdir(), 'sallyport-docs-store-'));
    this.#dirs.push(dir);
    const key = join(dir, 'credentials.key');
    await writeFile(key, newMasterKey(), { mode: 0o600 });
    const rig = await startRig({
      config: {
        credentials: { store: join(dir, 'credentials.json'), key: { file: key } },
        ...(shadow && { policy: { shadow: { bundle: shadowFile } } }),
      },
    });
    this.#first.set(rig, await readFile(bundleOf(rig)));
    return rig;
  }

  /** What the page before published or recorded is gone: the first bundle again, as a newer one, because nothing goes back. */
  async #afresh(rig: Rig): Promise<Rig> {
    const first = this.#first.get(rig);
    await rm(join(rig.dir, shadowFile), { force: true });
    await rm(join(rig.dir, 'recordings'), { recursive: true, force: true });
    await mkdir(join(rig.dir, 'recordings'), { mode: 0o700 });
    if (first === undefined || first.equals(await readFile(bundleOf(rig)))) return rig;
    const builtAtMs = Date.now();
    const numbers = { key: rig.signing, sequence: builtAtMs, builtAtMs, expiresAtMs: builtAtMs + 86_400_000 };
    await writeWhole(bundleOf(rig), await renumbered(first, numbers));
    await rig.gateway.refreshPolicy();
    return rig;
  }
}

export async function openPageWorld(name: string, rigs: Rigs): Promise<PageWorld> {
  switch (name) {
    case 'rig':
    case 'policies':
      return rigWorld(await rigs.get(name), name === 'policies');
    case 'ssh':
      return sshWorld();
    case 'fresh':
      return freshWorld();
    case 'none':
      return plainWorld();
    case 'sources': {
      const world = await plainWorld();
      await layOut(world.scene.dir);
      return world;
    }
    default:
      throw new Error(`no world is called ${name}`);
  }
}

async function sshWorld(): Promise<PageWorld> {
  const world = await startSshRig({ target: { host_keys: [] } });
  const { rig, port, sshd } = world;
  const python = await provided(...ansible);
  const adminUrl = `http://127.0.0.1:${String(rig.gateway.addresses.admin.port)}`;
  const scene = await Scene.open(
    [
      ['https://gateway.example.com:6480', adminUrl],
      ['gateway.example.com', '127.0.0.1'],
      ['--port 2222', `--port ${String(port)}`],
      ['sallyport.yaml', rig.configFile],
      ['web1.example.com:22', `127.0.0.1:${String(sshd.port)}`],
    ],
    {},
    'path' in python ? [dirname(python.path)] : [],
  );
  return {
    scene,
    token: (person) => rig.token(person),
    sql: () => Promise.reject(new Error('a host answers no SQL')),
    settle: async () => undefined,
    [Symbol.asyncDispose]: async () => {
      await scene[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

async function rigWorld(rig: Rig, policies: boolean): Promise<PageWorld> {
  const { admin } = rig.gateway.addresses;
  const adminUrl = `http://127.0.0.1:${String(admin.port)}`;
  const names: readonly (readonly [string, string])[] = [
    ['https://gateway.example.com:6480', adminUrl],
    ['gateway.example.com', 'localhost'],
    ['6432', String(rig.port)],
    ['https://login.example.com', rig.idp.issuer],
    ['sallyport.yaml', rig.configFile],
    [
      '--key keys/bundle.key --out policy/bundle.tar.gz',
      `--key keys/bundle.key --key-id rig --out ${rig.dir}/bundle.tar.gz`,
    ],
    [
      '--key keys/bundle.key --out shadow/bundle.tar.gz',
      `--key keys/bundle.key --key-id rig --out ${join(rig.dir, shadowFile)}`,
    ],
  ];
  const scene = await Scene.open(names, { 'ca.pem': rig.ca });
  if (policies) {
    await layOut(scene.dir);
    await writeWithin(scene.dir, 'keys/bundle.key', rig.signing.privateKeyPem);
  }
  return {
    scene,
    token: (person) => rig.token(person),
    sql: async (text, as, role, approver) => {
      const deciding: Promise<void>[] = [];
      const output = await runSql(text, {
        host: 'localhost',
        port: rig.port,
        user: role,
        database: 'crm',
        password: await rig.token(as),
        ca: rig.ca,
        onHint: (hint) => {
          const id = /approvals approve (\w+)/.exec(hint)?.[1];
          if (id !== undefined && approver !== undefined)
            deciding.push(approve(adminUrl, () => rig.token(approver), id));
        },
      });
      await Promise.all(deciding);
      return output;
    },
    settle: () => (policies ? rig.gateway.refreshPolicy() : Promise.resolve()),
    [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
  };
}

/** As `sallyport init` leaves a directory, as far as policies go. */
async function layOut(dir: string): Promise<void> {
  await cp(join(root, 'policies'), join(dir, 'policies'), { recursive: true });
  await cp(join(root, 'policy-tests'), join(dir, 'policy-tests'), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts'),
  });
}

async function approve(url: string, token: () => Promise<string>, id: string): Promise<void> {
  const api = apiClient({ url, ca: undefined, token });
  const hold = await api.approvals.show(id);
  const decided = hold.ok ? await api.approvals.approve(id, hold.value.digest, 'as the page says') : hold;
  if (!decided.ok) throw new Error(`not approved: ${decided.problem.detail}`);
}

/** A developer who is a person. */
const max: IdpPrincipal = { name: 'max', kind: 'human', groups: ['developers'] };

async function freshWorld(): Promise<PageWorld> {
  await using opening = new AsyncDisposableStack();
  const [postgres, idp, port, adminPort] = [
    opening.use(await startPostgres18({ ssl: true })),
    opening.use(await startIdp({ principals: [...rigPrincipals, max] })),
    await freePort(),
    await freePort(),
  ];
  const scene = opening.use(
    await Scene.open(
      [
        ['db.example.com', `127.0.0.1:${String(postgres.port)}`],
        ['127.0.0.1:6480', `127.0.0.1:${String(adminPort)}`],
        ['127.0.0.1:6432', `127.0.0.1:${String(port)}`],
        ['port=6432', `port=${String(port)}`],
        ['https://login.example.com', idp.issuer],
        ['"openid groups"', `"${idp.scope}"`],
        ['THE-PASSWORD-OF-POSTGRES', postgres.password],
      ],
      { 'db-ca.pem': postgres.ca ?? '' },
    ),
  );
  const opened = opening.move();
  return {
    scene,
    token: (person) => tokenOf(idp, person),
    sql: () => Promise.reject(new Error('SQL of this page goes through psql')),
    // `init` writes the usual admin port, which may be taken here.
    settle: () => edit(join(scene.dir, 'gateway/sallyport.yaml'), 'port: 6480', `port: ${String(adminPort)}`),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function edit(file: string, before: string, after: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.includes(before)) await writeFile(file, text.replace(before, after));
}

async function plainWorld(): Promise<PageWorld> {
  const scene = await Scene.open([], {});
  const nobody = (): Promise<never> => Promise.reject(new Error('nobody is here: say <!-- world: rig -->'));
  return {
    scene,
    token: nobody,
    sql: nobody,
    settle: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
  };
}

function tokenOf(idp: Idp, person: string): Promise<string> {
  return idp.token(person);
}

/** Writes a file that a page shows where the page says it goes. */
export async function writeWithin(dir: string, file: string, text: string): Promise<void> {
  await mkdir(dirname(join(dir, file)), { recursive: true });
  await writeFile(join(dir, file), text);
}
