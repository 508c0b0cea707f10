import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { loadCrm } from '../../gateway/testing/crm/load.ts';
import { copyCluster } from '../../gateway/testing/postgres-cluster.ts';
import { startPostgres18, type TestPostgres } from '../../gateway/testing/postgres.ts';
import type { TlsPair } from '../../gateway/testing/tls.ts';
import type { Home } from './home.ts';

const kept = z.object({ superuser: z.string(), app: z.string(), owner: z.string() });

/** The running CRM and the passwords of its logins, which nobody but the gateway's store gets. */
export interface CrmDatabase {
  readonly server: TestPostgres;
  readonly passwords: z.infer<typeof kept>;
}

// Change it when the made-up data or its tables change: the template is then made anew.
const template = 'crm-1';

/** Starts the CRM from a copy of a template that is made once: every start has the same rows, whatever the last one did to them. */
export async function startCrm(home: Home, tls: TlsPair, port: number): Promise<CrmDatabase> {
  const source = join(home.kept, template);
  const passwords = (await readPasswords(source)) ?? (await makeTemplate(source));
  const dir = join(home.run, 'postgres');
  await copyCluster(join(source, 'data/cluster'), dir);
  const server = await startPostgres18({ home: { dir, password: passwords.superuser }, port, ssl: tls });
  return { server, passwords };
}

async function makeTemplate(source: string): Promise<CrmDatabase['passwords']> {
  const passwords = { superuser: password(), app: password(), owner: password() };
  const draft = `${source}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o711 });
  {
    await using server = await startPostgres18({ home: { dir: join(draft, 'data'), password: passwords.superuser } });
    await loadCrm(server.url, { app: passwords.app, owner: passwords.owner });
  }
  await writeFile(join(draft, 'passwords.json'), JSON.stringify(passwords), { mode: 0o600 });
  await rm(source, { recursive: true, force: true });
  await rename(draft, source);
  return passwords;
}

async function readPasswords(source: string): Promise<CrmDatabase['passwords'] | undefined> {
  const text = await readFile(join(source, 'passwords.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : kept.parse(JSON.parse(text));
}

function password(): string {
  return randomBytes(18).toString('base64url');
}
