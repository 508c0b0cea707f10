import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { logInByDevice } from './idp-login.ts';
import { startRig } from './rig.ts';

/** A psql 18 with TLS and libpq-oauth. No package of Debian 12 has one: CONTRIBUTING.md says how to build it. */
const psql18 =
  process.env['SALLYPORT_PSQL18'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sallyport/postgresql-18/bin/psql');

test.skipIf(!existsSync(psql18))(
  `psql 18 needs no token in hand: it shows where to log in, and the session is the person's (${existsSync(psql18) ? 'runs' : `skipped: ${psql18} is not there`})`,
  async () => {
    await using rig = await startRig();
    const where = [
      `host=localhost port=${rig.port} dbname=crm user=app sslmode=verify-full sslrootcert=${rig.caFile}`,
      `oauth_issuer=${rig.idp.issuer} oauth_client_id=${rig.idp.clientId} options='-c sallyport.auth=oauth'`,
    ].join(' ');
    // libpq takes an issuer without TLS in this mode only.
    const env = { ...process.env, PGOAUTHDEBUG: 'UNSAFE' };
    const child = spawn(psql18, ['-X', '-A', '-t', where, '-c', 'select name, ssn from customers where id = 1'], {
      env,
    });
    let output = '';
    const asked = Promise.withResolvers<string>();
    const listen = (chunk: Buffer) => {
      output += chunk.toString();
      const [, url, code] = /Visit (\S+) and enter the code: (\S+)/.exec(output) ?? [];
      if (url !== undefined && code !== undefined) asked.resolve(`${url}?user_code=${code}`);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    const over = new Promise<number | null>((resolve) => child.once('close', resolve));
    await logInByDevice(await asked.promise, 'ana');
    expect(await over).toBe(0);
    expect(output).toMatch(/\|\*\*\*-\*\*-\d{4}/);
  },
  60_000,
);
