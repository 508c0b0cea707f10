import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { apiClient } from '../../api/client.ts';
import { settled } from '../settled.ts';
import { type Rig, startRig } from '../rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

test('who approves a prepared statement reads what its parameters are, and those alone run', async () => {
  const at = { host: '127.0.0.1', port: rig.port, user: 'app', database: 'crm' };
  const client = new pg.Client({ ...at, password: await rig.token('ops-agent') });
  await client.connect();
  const text = 'update orders set status = $1 where id = $2';
  const updated = client.query(text, ['refunded', 42]);
  const api = apiClient({
    url: `http://127.0.0.1:${rig.gateway.addresses.admin.port}`,
    token: () => rig.token('dora'),
  });
  const open = await vi.waitFor(async () => {
    const holds = await api.approvals.list();
    const [hold] = holds.ok ? holds.value : [];
    if (!hold) throw new Error(JSON.stringify(holds));
    return hold;
  }, settled);
  expect(open.texts).toEqual([`${text}\nwith $1 = 'refunded', $2 = '42'`]);
  expect(await api.approvals.approve(open.id, open.digest, 'ticket 4711')).toMatchObject({ ok: true });
  expect((await updated).rowCount).toBe(1);
  await client.end();
});
