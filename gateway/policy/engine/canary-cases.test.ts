import { beforeAll, expect, test } from 'vitest';
import { allowing, compileRego, decidingBy, findings, key, signedBundle, someTimeMs } from '../fixtures.ts';
import { tryBundle } from '../trial.ts';

/** Readers of orders are let through, everybody else is told T-9. */
const rules = `package sets

answer := ${allowing()} if "readers" in input.principal.groups

else := ${allowing({ effect: '"deny"', findings: findings({ allow: '[]', deny: '[{"id": "T-9", "msg": "no"}]' }) })} if input.v
`;

let wasm: Buffer;
beforeAll(async () => {
  wasm = await compileRego(process.env, { ...decidingBy('sets.answer'), 'sets.rego': rules });
});

const postgres = 'sallyport/postgres/decision';
const allowed = {
  title: 'readers read',
  entrypoint: postgres,
  input: { principal: { groups: ['readers'] } },
  expect: { effect: 'allow' },
};
const denied = {
  title: 'others do not',
  entrypoint: postgres,
  input: {},
  expect: { effect: 'deny', findings: ['T-9'] },
};

async function tried(canaries: unknown): Promise<number> {
  const archive = await signedBundle(wasm, { data: JSON.stringify({ canaries }) });
  return (await tryBundle(archive, { keys: [key.trusted], nowMs: someTimeMs, minSequence: 0 })).canaries;
}

test('cases that come out as expected let a bundle go live', async () => {
  expect(await tried([allowed, denied])).toBe(2);
});

test('a bundle without cases has none to pass', async () => {
  expect(await tried(undefined)).toBe(0);
});

test.each([
  ['session', 'sallyport/session/decision', { command: { user: 'app' } }],
  ['admin', 'sallyport/admin/decision', { command: { action: 'audit.query' } }],
])('a case for %s goes the way of its commands', async (_what, entrypoint, input) => {
  expect(await tried([{ title: 'x', entrypoint, input, expect: { effect: 'deny' } }])).toBe(1);
});

const wrong: readonly (readonly [string, unknown, string])[] = [
  [
    'of another effect',
    [{ ...allowed, expect: { effect: 'deny' } }],
    'canary "readers read": expected deny, got allow T-1',
  ],
  [
    'without a finding',
    [{ ...denied, expect: { effect: 'deny', findings: ['T-8'] } }],
    'expected deny T-8, got deny T-9',
  ],
  ['that comes last', [allowed, denied, { ...denied, expect: { effect: 'allow' } }], 'expected allow'],
  ['with a misspelt input', [{ ...denied, input: { comand: {} } }], 'comand'],
  ['with a misspelt field', [{ ...denied, input: { command: { actoin: 'read' } } }], 'actoin'],
  ['with an action that nobody has', [{ ...denied, input: { command: { action: 'dddl' } } }], 'action'],
  ['for an entrypoint that nobody has', [{ ...denied, entrypoint: 'sallyport/smtp/decision' }], 'entrypoint'],
  ['with an effect that nobody has', [{ ...denied, expect: { effect: 'denied' } }], 'effect'],
  ['without a title', [{ ...denied, title: undefined }], 'title'],
  ['with a field more', [{ ...denied, skip: true }], 'skip'],
  ['that are no list', { one: denied }, 'canaries'],
];
test.each(wrong)('cases %s keep a bundle out', async (_what, canaries, said) => {
  await expect(tried(canaries)).rejects.toMatchObject({
    code: 'bundle-invalid',
    message: expect.stringContaining(said) as string,
  });
});

test('a list that never ends is refused', async () => {
  await expect(tried(Array.from({ length: 1_001 }, () => denied))).rejects.toMatchObject({ code: 'bundle-invalid' });
});
