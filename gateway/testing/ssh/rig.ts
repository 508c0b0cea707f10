import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiClient, type ApiClient } from '../../api/client.ts';
import { valueOf } from '../../cli/connection.ts';
import { newHostKey, publicHalf, publicKeyLine } from '../../protocols/ssh/index.ts';
import { type GatewayRig, type GatewayRigOptions, rigPrincipals, startGatewayRig } from '../gateway-rig.ts';
import type { IdpPrincipal } from '../idp-principal.ts';
import { freePort } from '../ports.ts';
import { startSshd, type SshdOptions, type TestSshd } from '../sshd.ts';

/** The whole gateway in front of a real sshd: the target `web1`. */
export interface SshRig extends AsyncDisposable {
  readonly rig: GatewayRig;
  /** A folder for the tests' own files, which goes with the rig. */
  readonly dir: string;
  readonly sshd: TestSshd;
  readonly port: number;
  /** A file with the gateway's key, as OpenSSH keeps them. */
  readonly knownHosts: string;
  api(principal: string): ApiClient;
  /** Registers a key for somebody. @returns its file */
  login(principal: string): Promise<string>;
  /** The same with a new key, which is good for that long. */
  briefly(principal: string, lifetimeS: number): Promise<string>;
  /** A code of somebody's for one login to the target. */
  code(principal: string): Promise<string>;
  /** Runs OpenSSH's client to its end. @param args behind the options that lead to the gateway */
  ssh(principal: string, args: readonly string[], input?: string | Buffer): Promise<Ran>;
  /** The options that lead `ssh`, `scp` and `sftp` to the gateway. */
  options(keyFile: string): readonly string[];
}

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface SshRigOptions {
  readonly sshd?: SshdOptions;
  /** Merged into the target. */
  readonly target?: object;
  /** Beside it. */
  readonly targets?: readonly object[];
  /** Merged into `listen.ssh`. */
  readonly listen?: object;
  readonly config?: GatewayRigOptions['config'];
  /** Rego on top of the default pack. */
  readonly rules?: string;
  /** Beside those of every rig. */
  readonly principals?: readonly IdpPrincipal[];
}

export async function startSshRig(options: SshRigOptions = {}): Promise<SshRig> {
  await using opening = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-ssh-'));
  opening.defer(() => rm(dir, { recursive: true, force: true }));
  const sshd = opening.use(await startSshd(options.sshd));
  const port = await freePort();
  const target = {
    ...{ name: 'web1', protocol: 'ssh', host: '127.0.0.1', port: sshd.port, shell: 'bash', labels: { env: 'prod' } },
    host_keys: [sshd.hostKey],
    logins: { [sshd.user]: { key: { file: sshd.keyFile } } },
    ...options.target,
  };
  const rig = opening.use(
    await startGatewayRig({
      policies: await policiesOf(dir, options.rules),
      principals: [
        ...rigPrincipals,
        { name: 'olga', kind: 'human', groups: ['operators'] },
        ...(options.principals ?? []),
      ],
      config: {
        ...options.config,
        listen: { ssh: { port, ...options.listen } },
        targets: [target, ...(options.targets ?? [])],
      },
    }),
  );
  const hostKey = join(rig.dir, 'state', 'ssh-host-key');
  const knownHosts = join(rig.dir, 'known_hosts');
  const shown = execFileSync('ssh-keygen', ['-y', '-f', hostKey]).toString().trim();
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${shown}\n`);
  const keys = new Map<string, string>();
  const { admin } = rig.gateway.addresses;
  const apiWith = (token: () => Promise<string>) => apiClient({ url: `http://127.0.0.1:${admin.port}`, token });
  const api = (principal: string) => apiWith(() => rig.token(principal));
  const register = async (as: ApiClient, name: string) => {
    const key = newHostKey();
    valueOf(await as.ssh.register(publicKeyLine(publicHalf(key))));
    const file = join(rig.dir, `key-${name}`);
    writeFileSync(file, key, { mode: 0o600 });
    return file;
  };
  const login = async (principal: string) => {
    const known = keys.get(principal);
    if (known !== undefined) return known;
    const file = await register(api(principal), principal);
    keys.set(principal, file);
    return file;
  };
  let brief = 0;
  const sshOptions = (keyFile: string) => [
    ...['-F', 'none', '-i', keyFile, '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-o', `Port=${port}`],
    ...['-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'GlobalKnownHostsFile=/dev/null'],
  ];
  const opened = opening.move();
  return {
    rig,
    dir,
    sshd,
    port,
    knownHosts,
    api,
    login,
    briefly: (principal, lifetimeS) =>
      register(
        apiWith(() => rig.idp.token(principal, { lifetimeS })),
        `${principal}-${++brief}`,
      ),
    code: async (principal) => valueOf(await api(principal).ssh.code('web1')).code,
    options: sshOptions,
    ssh: async (principal, args, input) => run('ssh', [...sshOptions(await login(principal)), ...args], input),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function policiesOf(dir: string, rules: string | undefined): Promise<readonly string[]> {
  if (rules === undefined) return [];
  const policies = join(dir, 'rules');
  await mkdir(policies);
  await writeFile(join(policies, 'ssh.rego'), rules);
  return [policies];
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], input?: string | Buffer): Promise<Ran> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('latin1')));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}
