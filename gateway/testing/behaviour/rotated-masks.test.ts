import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadConfig } from '../../config/index.ts';
import { type Rig, startRig } from '../rig.ts';
import { audited } from './audited.ts';
import { query, rowsOf, type Wire, wireThrough } from './wire.ts';

/** A new masking key while sessions go on. */
let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.[Symbol.asyncDispose]());

/** The configuration with these keys, as an operator would write it. */
async function rotate(keys: readonly object[]): Promise<void> {
  const written: unknown = parse(await readFile(rig.configFile, 'utf8'));
  const file = join(rig.dir, 'rotated.yaml');
  await writeFile(file, stringify(Object.assign({}, written, { masking: { keys } })));
  const loaded = await loadConfig(file);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  await rig.gateway.reload({ config: loaded.config, reloaded: ['masking'], needsRestart: [] });
}

async function ibans(wire: Wire): Promise<readonly (string | null | undefined)[]> {
  wire.send(query('select iban from payments where iban is not null order by id limit 3'));
  return rowsOf(await wire.readies()).map(([iban]) => iban);
}

test('a new key holds for the next result of a session that is open, and one that cannot be read changes nothing', async () => {
  await using wire = await wireThrough({
    port: rig.port,
    user: 'app',
    database: 'crm',
    password: await rig.token('ana'),
  });
  const before = await ibans(wire);
  expect(before).toHaveLength(3);
  expect(before.map((iban) => /^01[0-9a-f]{24}$/.test(iban ?? ''))).toEqual([true, true, true]);

  const second = join(rig.dir, 'masking-2');
  await writeFile(second, 'too short', { mode: 0o600 });
  const keys = [
    { version: 1, key: { file: join(rig.dir, 'masking') } },
    { version: 2, key: { file: second } },
  ];
  await expect(rotate(keys)).rejects.toThrow('at least 32 random bytes');
  expect(await ibans(wire)).toEqual(before);

  await writeFile(second, randomBytes(32).toString('base64'), { mode: 0o600 });
  await rotate(keys);
  const after = await ibans(wire);
  expect(after.map((iban) => /^02[0-9a-f]{24}$/.test(iban ?? ''))).toEqual([true, true, true]);
  expect(new Set([...before, ...after]).size).toBe(6);

  const [start] = await audited(join(rig.dir, 'audit'), { type: 'gateway.start' });
  expect(start?.detail).toMatchObject({ masking_version: 1 });
  const [reload] = await audited(join(rig.dir, 'audit'), { type: 'admin' });
  expect(reload).toMatchObject({ action: 'config.reload', detail: { sections: ['masking'], masking_version: 2 } });
});
