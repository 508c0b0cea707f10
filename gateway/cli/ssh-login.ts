import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { connect, valueOf, type ConnectionOptions } from './connection.ts';
import { print, printJson, say } from './output.ts';
import { type AgentKey, openKeyAgent, type KeyAgent } from './ssh-agent.ts';
import { blobIn, isThere, refuseForeignKey, sshFiles, type SshFiles } from './ssh-files.ts';

export interface LoginFlags extends ConnectionOptions {
  readonly key: string;
  /** false: --no-agent */
  readonly agent: boolean;
  readonly quiet?: true;
  readonly ifNeeded?: true;
}

/** A certificate with less than this left is renewed: what it opens would end before anything is done. */
const renewalMs = 60_000;

export async function login({ key, agent: useAgent, quiet, ifNeeded, ...options }: LoginFlags): Promise<void> {
  const files = sshFiles(key);
  const agent = useAgent ? await openKeyAgent(process.env['SSH_AUTH_SOCK']) : undefined;
  if (ifNeeded && (await stillGood(files, agent))) return;
  await refuseForeignKey(files);
  const { newKeyPair, publicKeyLine } = await import('../protocols/ssh/index.ts');
  const api = await connect(options);
  const pair = newKeyPair();
  const line = publicKeyLine(pair.publicKey);
  const registered = valueOf(await api.ssh.register(line));
  const made = await mkdir(dirname(key), { recursive: true, mode: 0o700 });
  if (agent) await intoAgent(agent, files, pair, registered);
  else await writeWhole(files.key, pair.privateKey, 0o600);
  await writeWhole(files.publicKey, `${line}\n`);
  await writeWhole(files.certificate, `${registered.certificate}\n`);
  // The gateway says over HTTPS what it will show over SSH: nobody has to believe a first answer.
  const known = [`${alias} ${registered.host_key}`, `@cert-authority ${alias} ${registered.authority}`, ''];
  await writeWhole(files.knownHosts, known.join('\n'));
  const where = agent ? 'agent' : 'file';
  if (options.json) return printJson({ ...registered, file: key, where });
  if (quiet) return;
  if (made !== undefined) say(`made the directory ${made}, for you alone`);
  const held = agent ? ', which the key agent holds' : '';
  say(
    `${registered.principal} may log in with the key ${registered.fingerprint}${held} until ${registered.expires_at}`,
  );
  say('for ~/.ssh/config: sallyport ssh config TARGET --host GATEWAY');
}

/** The name under which ssh looks up the gateway's key, wherever it is reached. */
export const alias = 'sallyport';

export async function logout({ key, principal, ...options }: LogoutFlags): Promise<void> {
  const files = sshFiles(key);
  if (principal === undefined) await refuseForeignKey(files);
  const api = await connect(options);
  const forgotten = valueOf(await api.ssh.forget(principal));
  if (principal === undefined) {
    const agent = await openKeyAgent(process.env['SSH_AUTH_SOCK']);
    if (agent) await outOfAgent(agent, files);
    for (const file of [files.key, files.publicKey, files.certificate]) await rm(file, { force: true });
  }
  if (options.json) return printJson(forgotten);
  say(`${String(forgotten.forgotten)} keys of ${forgotten.principal} log nobody in any more; open sessions go on`);
}

/** The code alone on standard output: for scripts that type it. */
export async function code(target: string, options: ConnectionOptions): Promise<void> {
  const issued = valueOf(await (await connect(options)).ssh.code(target));
  if (options.json) return printJson(issued);
  print(issued.code);
  say(`a password for one login of ${issued.principal} to ${target}, until ${issued.expires_at}`);
}

export interface LogoutFlags extends ConnectionOptions {
  readonly key: string;
  readonly principal?: string;
}

async function intoAgent(
  agent: KeyAgent,
  files: SshFiles,
  pair: Pick<AgentKey, 'publicBytes' | 'privateBytes'>,
  registered: { readonly certificate: string; readonly principal: string; readonly expires_at: string },
): Promise<void> {
  await outOfAgent(agent, files);
  const lifetimeSeconds = Math.max(1, Math.floor((Date.parse(registered.expires_at) - Date.now()) / 1_000));
  const certificate = Buffer.from(registered.certificate.split(' ')[1] ?? '', 'base64');
  const comment = `sallyport ${registered.principal}`;
  await agent.add({ ...pair, certificate, comment, lifetimeSeconds });
  await rm(files.key, { force: true });
}

/** What the last login has put there. Every key that an agent offers is an attempt to log in. */
async function outOfAgent(agent: KeyAgent, files: SshFiles): Promise<void> {
  for (const file of [files.certificate, files.publicKey]) {
    const blob = await blobIn(file);
    if (blob) await agent.remove(blob);
  }
}

/** Whether ssh has what it needs: the private key is at hand, and its certificate has time left. */
async function stillGood(files: SshFiles, agent: KeyAgent | undefined): Promise<boolean> {
  const { certificateEndMs } = await import('../protocols/ssh/index.ts');
  const [certificate, key] = [await blobIn(files.certificate), await blobIn(files.publicKey)];
  const endMs = certificate && certificateEndMs(certificate);
  if (!key || endMs === undefined || endMs - Date.now() < renewalMs) return false;
  return (
    (await isThere(files.key)) || (agent !== undefined && (await agent.identities()).some((held) => held.equals(key)))
  );
}

/** Whole or not at all: an ssh that starts now may read it. */
async function writeWhole(file: string, text: string, mode = 0o644): Promise<void> {
  const draft = `${file}.${String(process.pid)}`;
  await writeFile(draft, text, { mode });
  await rename(draft, file);
}
