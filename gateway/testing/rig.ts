import { randomBytes } from 'node:crypto';
import { loadCrm } from './crm/load.ts';
import { type GatewayRig, type GatewayRigOptions, startGatewayRig } from './gateway-rig.ts';
import { startPostgres18, type TestPostgres } from './postgres.ts';

export { rigPrincipals } from './gateway-rig.ts';

/** A gateway before a PostgreSQL 18 with the shop in it: the target `crm`. */
export interface Rig extends GatewayRig {
  readonly postgres: TestPostgres;
  readonly passwords: { readonly app: string; readonly owner: string };
}

export interface RigOptions extends GatewayRigOptions {
  /** False leaves the database empty. */
  readonly crm?: boolean;
  /** False: the way to the target is in the clear, for comparisons with other things that speak in the clear. */
  readonly upstreamTls?: boolean;
  /** Where changes of the schema by the owner need nobody's approval: `test`. Default `prod`. */
  readonly env?: 'prod' | 'test';
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  await using opening = new AsyncDisposableStack();
  const passwords = { app: randomBytes(12).toString('hex'), owner: randomBytes(12).toString('hex') };
  const postgres = opening.use(await startPostgres18({ ssl: true }));
  if (options.crm !== false) await loadCrm(postgres.url, passwords);
  const rig = opening.use(
    await startGatewayRig(options, async (file) => [
      {
        name: 'crm',
        protocol: 'postgres',
        host: '127.0.0.1',
        port: postgres.port,
        database: options.crm === false ? 'postgres' : 'crm',
        tls:
          options.upstreamTls === false
            ? { mode: 'disable' }
            : { mode: 'verify-full', ca: await file('pg-ca.pem', postgres.ca ?? '') },
        labels: { env: options.env ?? 'prod' },
        roles: {
          app: { password: { file: await file('app', passwords.app) } },
          owner: { password: { file: await file('owner', passwords.owner) } },
          postgres: { password: { file: await file('postgres', postgres.password) } },
        },
        catalog_role: 'postgres',
      },
    ]),
  );
  const opened = opening.move();
  return { ...rig, postgres, passwords, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
