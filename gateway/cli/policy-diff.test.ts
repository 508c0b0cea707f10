import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tryOnRecordings, type TrialOptions } from '../composition/backtest/run.ts';
import type { PostgresCommand } from '../contract/command-postgres.ts';
import { asId, type RequestId, type Revision, type SessionId } from '../contract/ids.ts';
import { facts, frame, statement } from '../testing/commands.ts';
import {
  allowing,
  compileRego,
  decidingBy,
  findings,
  root,
  signedBundle,
  temporaryFolder,
} from '../policy/fixtures.ts';
import { Encoder, line } from '../recordings/encoder.ts';
import { recordingHeader } from '../recordings/format.ts';

/** Decides by one condition over the input: what it is true of is denied, everything else allowed. */
const denyingIf = (condition: string) => ({
  ...decidingBy('sets.answer'),
  'sets.rego': `package sets

default denied := false

denied if ${condition}

answer := ${allowing({ effect: '"deny"', findings: findings({ allow: '[]', deny: '[{"id": "T-2", "msg": "no", "severity": "low"}]' }) })} if denied

answer := ${allowing()} if not denied
`,
});

let home: Awaited<ReturnType<typeof temporaryFolder>>;
const bundles: Record<'deletes' | 'nothing' | 'everything' | 'labels', string> = {
  deletes: '"delete" in input.command.effects',
  nothing: 'input.command.action == "never"',
  everything: 'input.command.action',
  labels: '"pii.ssn" in input.command.labels',
};
const archives = new Map<string, Buffer>();
const at = (name: string) => join(home.path, `${name}.tar.gz`);
const data = JSON.stringify({
  labels: { 'pii.ssn': { mask: 'partial', readers: [] } },
  columns: { crm: { 'public.customers.ssn': ['pii.ssn'] } },
});

const read = statement({ fingerprint: 'reading' });
const unlabelled = statement({ text: 'select ssn from customers', fingerprint: 'ssn' });
const erase = statement({ text: 'delete from orders', action: 'delete', effects: ['delete'], fingerprint: 'erasing' });

/** Three sessions of ana, an hour apart, with the same three statements each. */
async function record(dir: string): Promise<void> {
  for (const [hour, id] of ['01J0S1', '01J0S2', '01J0S3'].entries()) {
    const startedAtMs = Date.UTC(2026, 10, 21, hour);
    const about = { ...frame(), id: asId<SessionId>(id), startedAtMs };
    const encoder = new Encoder({ maxResultBytes: 1024, maxTerminalBytes: 0 });
    const lines = [read, unlabelled, erase].map((command, i) =>
      encoder.command(i + 1, recorded(command, `${id}R${i}`)),
    );
    await writeFile(join(dir, `${id}.ndjson`), line(recordingHeader(about, 'a')) + lines.join(''));
  }
}

function recorded({ text, params, transaction, batch, ...rest }: PostgresCommand, request: string) {
  return {
    requestId: asId<RequestId>(request),
    text,
    params,
    action: rest.action,
    facts: rest,
    place: { transaction, batch },
    erased: [],
    key: text,
    decision: {
      effect: 'allow' as const,
      revision: asId<Revision>('then'),
      findings: [{ kind: 'allow' as const, id: 'T-1', msg: 'yes' }],
      masks: {},
      approval: null,
      limits: {},
    },
    around: { session: facts, minuteMs: Date.UTC(2026, 10, 21), approval: undefined },
  };
}

beforeAll(async () => {
  home = await temporaryFolder();
  await mkdir(join(home.path, 'recordings'));
  await record(join(home.path, 'recordings'));
  for (const [name, condition] of Object.entries(bundles)) {
    const wasm = await compileRego(process.env, denyingIf(condition));
    const archive = await signedBundle(wasm, { revision: name, data });
    archives.set(name, archive);
    await writeFile(at(name), archive);
  }
});
afterAll(() => home[Symbol.asyncDispose]());

const everything = () => ({ dir: join(home.path, 'recordings'), sinceMs: 0, untilMs: Infinity });
function tried(old: string | undefined, now: string, more: Partial<TrialOptions> = {}) {
  return tryOnRecordings({
    old: old === undefined ? undefined : archives.get(old),
    new: archives.get(now) ?? Buffer.alloc(0),
    recordings: everything(),
    reparse: undefined,
    examples: 2,
    onProgress: () => undefined,
    ...more,
  });
}

test('a bundle that allows more is loosened, and one that denies more is tightened', async () => {
  const loosened = await tried('deletes', 'nothing');
  expect(loosened.report.directions).toMatchObject({ same: 6, loosened: 3, tightened: 0 });
  expect(loosened.report.fingerprints).toMatchObject([{ name: 'erasing', loosened: 3 }]);
  const tightened = await tried('deletes', 'everything');
  expect(tightened.report.directions).toMatchObject({ same: 3, loosened: 0, tightened: 6 });
  expect((await tried('deletes', 'deletes')).report.directions).toMatchObject({ same: 9 });
});

test('without an old bundle, the decisions as they were made are compared', async () => {
  const { report, about } = await tried(undefined, 'deletes');
  expect(report.directions).toMatchObject({ same: 6, tightened: 3 });
  expect(about).toMatchObject({ old: 'the decisions then', new: 'deletes', recordings: 3 });
});

test('only commands of the range are judged', async () => {
  const recordings = { ...everything(), sinceMs: 0, untilMs: Date.UTC(2026, 10, 21, 1) };
  expect((await tried('deletes', 'nothing', { recordings })).report.commands).toBe(3);
});

test('recorded facts have the labels of their time; recorded texts, read anew, those of the bundle', async () => {
  expect((await tried('nothing', 'labels')).report.directions).toMatchObject({ same: 9 });
  const anew = await tried('nothing', 'labels', { reparse: [join(root, 'policy-tests')] });
  expect(anew.report.directions).toMatchObject({ same: 6, tightened: 3 });
  expect(anew.report.fingerprints).toMatchObject([{ text: 'select ssn from customers' }]);
});

function diff(
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly out: string; readonly err: string }> {
  const command = [join(root, 'gateway/cli/main.ts'), 'policy', 'diff', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: root }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

test('CI fails on a loosened bundle, and has a comment for the pull request', async () => {
  const recordings = join(home.path, 'recordings');
  const args = ['--old', at('deletes'), '--recordings', recordings, '--fail-on', 'loosened'];
  const loosened = await diff(...args, '--new', at('nothing'), '--format', 'markdown');
  expect(loosened.out).toContain('### What this change of policy would have done\n');
  expect(loosened.out).toContain('| deny → allow | 3 |');
  expect(loosened.err).toContain('3 of 9 commands would be loosened');
  expect(loosened.code).toBe(1);
  const tightened = await diff(...args, '--new', at('everything'), '--format', 'json');
  expect(JSON.parse(tightened.out)).toMatchObject({ commands: 9, directions: { tightened: 6 }, old: 'deletes' });
  expect(tightened.code).toBe(0);
});

test.each<readonly [string, readonly string[], string]>([
  ['a range that is none', ['--recordings', 'yesterday', '--new', 'x'], 'neither a directory nor FROM..TO'],
  ['a range that ends first', ['--recordings', '1d..2d', '--new', 'x'], 'ends before it begins'],
  ['--fail-on without commands', ['a', 'b', '--fail-on', 'loosened'], 'name --recordings'],
  ['one bundle', ['a'], 'an old bundle is missing'],
  ['none', [], 'two bundles are compared'],
  ['a bundle named twice', ['a', '--new', 'b'], 'not by both'],
])('%s is an error of usage', async (_what, args, said) => {
  const { code, err } = await diff(...args);
  expect(err).toContain(said);
  expect(code).toBe(2);
});
