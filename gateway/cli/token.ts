import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { LoginOptions } from '../identity/login.ts';
import { CliError, exitCodes } from './exit.ts';

/** Whom one logs in with. Remembered from the last login, so that `token` needs no flags. No secret is in it. */
export interface LoginSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
  readonly resource?: string | undefined;
}

const remembered = z.object({
  issuer: z.string(),
  client_id: z.string(),
  scope: z.string(),
  resource: z.string().optional(),
});

/** The token that stands for whoever runs the command: SALLYPORT_TOKEN, or that of the last login. */
export async function currentToken(): Promise<string> {
  const given = process.env['SALLYPORT_TOKEN'];
  if (given) return given;
  const settings = await recall();
  if (!settings)
    throw new CliError(exitCodes.login, 'not logged in', 'run: sallyport login --issuer URL --client-id ID');
  const { currentToken: kept } = await import('../identity/login.ts');
  const token = await kept(await loginOptions(settings));
  if (token !== undefined) return token;
  throw new CliError(exitCodes.login, 'the last login is over', 'run: sallyport login');
}

export async function loginOptions({ issuer, clientId, scope, resource }: LoginSettings): Promise<LoginOptions> {
  const { tokenFilePath } = await import('../identity/login.ts');
  const file = tokenFilePath(process.env, homedir(), issuer, clientId);
  return { issuer, clientId, scope, resource, file, clock: { now: Date.now } };
}

export async function recall(): Promise<LoginSettings | undefined> {
  const text = await readFile(settingsFile(), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const read = remembered.safeParse(parsed(text));
  if (!read.success) return undefined; // cut off or of another version: a new login mends it
  const { issuer, client_id: clientId, scope, resource } = read.data;
  return { issuer, clientId, scope, resource };
}

export async function remember({ issuer, clientId, scope, resource }: LoginSettings): Promise<void> {
  const file = settingsFile();
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, `${JSON.stringify({ issuer, client_id: clientId, scope, resource }, null, 2)}\n`);
}

function settingsFile(): string {
  const base = process.env['XDG_CONFIG_HOME'];
  return join(base?.startsWith('/') ? base : join(homedir(), '.config'), 'sallyport', 'login.json');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
