import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Command } from '../../contract/command.ts';
import { adminActions } from '../../contract/command.ts';
import { asId, type RequestId } from '../../contract/ids.ts';
import { deriveCapabilities } from '../build/capabilities.ts';
import { findOpa, runOpa } from '../build/opa.ts';
import { verifyBundle, type VerifiedBundle } from '../bundle/verify.ts';
import { facts, frame, requestId, statement } from '../../testing/commands.ts';
import {
  allowing,
  compileRego,
  decidingBy,
  defaultBundle,
  findings,
  key,
  root,
  signedBundle,
  someTimeMs,
  temporaryFolder,
} from '../fixtures.ts';
import { people, statements } from '../../testing/generated-inputs.ts';
import { hostBuiltins } from './builtins.ts';
import { flyCanaries } from './canary.ts';
import { Engine, maxInputLength } from './engine.ts';
import { compileModule } from './module.ts';
import { nowFacts } from './now.ts';
import { Projection } from './projection.ts';
import { WasmSession, type Surroundings } from './session.ts';

let bundle: VerifiedBundle;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const faults: unknown[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  bundle = await verified(await defaultBundle(process.env, join(folder.path, 'bundle.tar.gz')));
});
afterAll(() => folder[Symbol.asyncDispose]());

function verified(archive: Buffer): Promise<VerifiedBundle> {
  return verifyBundle(archive, { keys: [key.trusted], nowMs: someTimeMs, minSequence: 0 });
}

function around(engine: () => Engine, nowMs = () => someTimeMs): Surroundings {
  return { engine, nowMs, now: () => nowFacts(nowMs()), failed: (error) => faults.push(error) };
}

function sessionOf(engine: Engine, who = frame()): WasmSession {
  return new WasmSession(
    who,
    around(() => engine),
  );
}

async function engineOf(decision: string, reads?: Record<string, string[]>): Promise<Engine> {
  const wasm = await compileRego(process.env, decidingBy(decision));
  return new Engine(await verified(await signedBundle(wasm, { metadata: { reads: reads ?? {} } })));
}

test('the default pack allows, masks, denies and holds', () => {
  const engine = new Engine(bundle);
  flyCanaries(engine);
  const reader = sessionOf(engine);
  const agent = sessionOf(engine, frame({ kind: 'agent', groups: ['support'] }));
  expect(reader.decide(statement(), 'a', requestId, facts).effect).toBe('allow');
  expect(reader.decide(statement({ labels: ['pii.ssn'] }), 'b', requestId, facts)).toMatchObject({
    effect: 'mask',
    masks: { 'pii.ssn': 'partial' },
  });
  const write = statement({ action: 'delete', effects: ['delete'] });
  expect(agent.decide(write, 'c', requestId, facts)).toMatchObject({
    effect: 'require_approval',
    approval: { rules: ['PG-101'], groups: ['approvers', 'dba'] },
  });
  const customers = { schema: 'public', name: 'customers', kind: 'table', columns: [], labels: [] } as const;
  const all = statement({ ...write, unfiltered: true, relations: [{ ...customers, access: 'write' }] });
  const denied = agent.decide(all, 'd', requestId, facts);
  expect(denied.effect).toBe('deny');
  expect(denied.findings[0]).toMatchObject({
    id: 'PG-002',
    msg: 'delete on every row of public.customers',
    hint: 'Add a WHERE clause.',
  });
});

test('admission and the API are judged by packages of their own', () => {
  const engine = new Engine(bundle);
  const frameOf = { text: '', labels: [], analysis: { complete: true, reasons: [] } };
  const connect: Command = { ...frameOf, protocol: 'session', action: 'connect', effects: ['connect'], user: 'ana' };
  expect(sessionOf(engine).decide(connect, '', requestId, facts).effect).toBe('allow');
  expect(sessionOf(engine, frame({ groups: [] })).decide(connect, '', requestId, facts).effect).toBe('deny');
  const decide = (who: string, owner: string) => {
    const action = 'approvals.decide' as const;
    const call: Command = {
      ...frameOf,
      protocol: 'admin',
      action,
      effects: [action],
      resource: { kind: 'hold', id: '1', owner },
    };
    return sessionOf(engine, frame({ id: who, groups: ['dba'] })).decide(call, '', requestId, facts).effect;
  };
  expect(decide('ana', 'bob')).toBe('allow');
  expect(decide('ana', 'ana')).toBe('deny');
});

test('a known statement is decided without the engine, another request included', () => {
  const engine = new Engine(bundle);
  const evaluations = vi.spyOn(engine, 'evaluate');
  const session = sessionOf(engine);
  const first = session.decide(statement(), 'k', requestId, facts);
  expect(session.decide(statement(), 'k', asId<RequestId>('other'), { ...facts, commands: 9 })).toBe(first);
  expect(evaluations).toHaveBeenCalledTimes(1);
  // Another text with the same facts: literals that no rule reads make no difference.
  expect(session.decide(statement({ fingerprint: 'another' }), 'k2', requestId, facts)).toBe(first);
  expect(evaluations).toHaveBeenCalledTimes(1);
  session.decide(statement({ labels: ['pii.ssn'] }), 'k3', requestId, facts);
  expect(evaluations).toHaveBeenCalledTimes(2);
});

test('a decision after an approval is made anew each time, and is nobody else’s', () => {
  const engine = new Engine(bundle);
  const evaluations = vi.spyOn(engine, 'evaluate');
  const agent = sessionOf(engine, frame({ kind: 'agent', groups: ['support'] }));
  const write = statement({ action: 'delete', effects: ['delete'] });
  const approval = { id: 'h', rules: ['PG-101'], approvers: ['dora'], scope: 'once' } as const;
  expect(agent.decide(write, 'a', requestId, facts, approval).effect).toBe('allow');
  expect(agent.decide(write, 'a', requestId, facts, approval).effect).toBe('allow');
  expect(evaluations).toHaveBeenCalledTimes(2);
  expect(agent.decide(write, 'b', requestId, facts).effect).toBe('require_approval');
});

test('sessions do not share decisions', () => {
  const engine = new Engine(bundle);
  expect(sessionOf(engine).decide(statement(), 'k', requestId, facts).effect).toBe('allow');
  expect(sessionOf(engine, frame({ groups: [] })).decide(statement(), 'k', requestId, facts).effect).toBe('deny');
});

test('after a change of the bundle nothing remembered counts', async () => {
  let engine = new Engine(bundle);
  const session = new WasmSession(
    frame(),
    around(() => engine),
  );
  expect(session.decide(statement(), 'k', requestId, facts).effect).toBe('allow');
  engine = await engineOf(allowing({ effect: '"deny"', findings: findings({ allow: '[]' }) }));
  expect(session.decide(statement(), 'k', requestId, facts)).toMatchObject({ effect: 'deny', revision: 'test' });
});

test('past its time a bundle denies everything, remembered or not', () => {
  const engine = new Engine(bundle);
  let nowMs = someTimeMs;
  const session = new WasmSession(
    frame(),
    around(
      () => engine,
      () => nowMs,
    ),
  );
  expect(session.decide(statement(), 'k', requestId, facts).effect).toBe('allow');
  nowMs = engine.expiresAtMs;
  expect(session.decide(statement(), 'k', requestId, facts)).toMatchObject({
    effect: 'deny',
    findings: [{ id: 'SP-005' }],
  });
});

test('a closed session decides nothing', () => {
  const session = sessionOf(new Engine(bundle));
  session[Symbol.dispose]();
  expect(session.decide(statement(), 'k', requestId, facts)).toMatchObject({
    effect: 'deny',
    findings: [{ id: 'SP-001' }],
  });
});

test.each([
  ['does not echo the request', allowing({ request_id: '"01JOTHER"' }), 'SP-003'],
  ['is undefined', 'input.nothing', 'SP-003'],
  ['is a string', '"allow"', 'SP-002'],
  ['is true', 'true', 'SP-002'],
  ['has another version', allowing({ v: '2' }), 'SP-002'],
  ['has an unknown effect', allowing({ effect: '"yes"' }), 'SP-002'],
  ['allows over a deny', allowing({ findings: findings({ deny: '[{"id": "D", "msg": "no"}]' }) }), 'SP-002'],
  ['allows without a reason', allowing({ findings: findings({ allow: '[]' }) }), 'SP-002'],
])('a decision that %s is a deny', async (_what, decision, id) => {
  const got = sessionOf(await engineOf(decision)).decide(statement(), 'k', requestId, facts);
  expect(got).toMatchObject({ effect: 'deny', findings: [{ kind: 'deny', id }] });
});

test('a policy that aborts denies, and judges the next command as if nothing had been', async () => {
  const rules = `package sets\n\nx := 1 if input.command.text != "fine"\nx := 2 if true\n`;
  const decision = allowing({ limits: '{"rows": sets.x}' });
  const wasm = await compileRego(process.env, { ...decidingBy(decision), 'sets.rego': rules });
  const session = sessionOf(new Engine(await verified(await signedBundle(wasm))));
  for (let i = 0; i < 50; i++) {
    const conflict = session.decide(statement({ text: 'bad' }), `bad${i}`, requestId, facts);
    expect(conflict).toMatchObject({ effect: 'deny', findings: [{ id: 'SP-001', msg: 'policy is not available' }] });
    expect(faults.at(-1)).toMatchObject({ code: 'engine-failed' });
    const fine = session.decide(statement({ text: 'fine' }), `fine${i}`, requestId, facts);
    expect(fine).toMatchObject({ effect: 'allow', limits: { rows: 2 } });
  }
});

test('too much to judge is a deny, and nothing is remembered of it', async () => {
  const session = sessionOf(await engineOf(allowing()));
  const huge = statement({ text: 'x'.repeat(maxInputLength) });
  expect(session.decide(huge, 'k', requestId, facts)).toMatchObject({ effect: 'deny', findings: [{ id: 'SP-004' }] });
  expect(session.decide(statement(), 'k', requestId, facts).effect).toBe('allow');
});

test('a principal too large to judge is a deny', async () => {
  const big = frame({ groups: Array.from({ length: 50_000 }, (_, i) => `group-${i}`) });
  const session = sessionOf(await engineOf(allowing()), big);
  expect(session.decide(statement(), 'k', requestId, facts)).toMatchObject({
    effect: 'deny',
    findings: [{ id: 'SP-004' }],
  });
});

test('the largest input that is allowed is judged, whatever is in it', async () => {
  const session = sessionOf(await engineOf(allowing({ limits: '{"rows": count(input.command.params)}' })));
  const params = Array.from({ length: 30_000 }, () => '');
  expect(session.decide(statement({ params }), 'k', requestId, facts)).toMatchObject({
    effect: 'allow',
    limits: { rows: 30_000 },
  });
  const text = '\u0001'.repeat(40_000);
  expect(session.decide(statement({ text }), 'k2', requestId, facts).effect).toBe('allow');
});

test('thousands of sessions that come and go leave room for the next', async () => {
  const engine = await engineOf(allowing({ limits: '{"rows": to_number(input.principal.id)}' }));
  const claims = { filler: 'x'.repeat(20_000) };
  for (let i = 0; i < 3_000; i++) {
    using session = sessionOf(engine, frame({ id: String(i), claims }));
    const decision = session.decide(statement(), 'k', requestId, facts);
    expect(decision.limits.rows).toBe(i);
  }
});

test('open sessions keep their own principal through replaced instances', async () => {
  const engine = await engineOf(allowing({ limits: '{"rows": to_number(input.principal.id)}' }));
  const steady = [1, 2, 3].map((id) => ({ id, session: sessionOf(engine, frame({ id: String(id) })) }));
  const claims = { filler: 'y'.repeat(100_000) };
  for (let i = 0; i < 300; i++) {
    using passing = sessionOf(engine, frame({ id: String(1_000 + i), claims }));
    expect(passing.decide(statement(), 'k', requestId, facts).limits.rows).toBe(1_000 + i);
    for (const { id, session } of steady) {
      expect(session.decide(statement(), `k${i}`, requestId, facts).limits.rows).toBe(id);
    }
  }
});

test('a policy that needs a built-in which nobody has is refused at load', async () => {
  const calls = [
    'sprintf("%d", [input.v])',
    'time.now_ns()',
    'crypto.md5("x")',
    'io.jwt.decode("x")',
    'http.send({})',
    'uuid.rfc4122("x")',
  ];
  for (const call of calls) {
    const wasm = await compileRego(process.env, decidingBy(allowing({ limits: `{"x": ${call}}` })));
    expect(() => compileModule(wasm, [])).toThrow(/does not have: \S+/);
  }
});

test('a policy without one of the entrypoints is refused at load', async () => {
  const wasm = await compileRego(process.env, decidingBy(allowing()));
  expect(() => compileModule(wasm, ['sallyport/kubernetes/decision'])).toThrow(
    'no entrypoint sallyport/kubernetes/decision',
  );
});

test.each([
  ['no WebAssembly', Buffer.from('hello')],
  ['an empty module', Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])],
])('%s is refused at load', (_what, wasm) => {
  expect(() => compileModule(wasm, [])).toThrow(/policy\.wasm/);
});

test('a policy that lets an empty input through does not fly', async () => {
  const engine = await engineOf(allowing());
  expect(() => flyCanaries(engine)).toThrow('an empty input is not denied');
});

test('what rules may call is what the engine can do', async () => {
  const committed: unknown = JSON.parse(await readFile(join(root, 'policies/capabilities.json'), 'utf8'));
  const derived: unknown = JSON.parse(await deriveCapabilities(await findOpa(process.env)));
  expect(committed).toEqual(derived); // else run: node gateway/policy/build/generate.ts OPA
});

const words = fc.oneof(fc.constantFrom('', 'a', 'ab', 'aa', 'é', '\u{1f600}'), fc.string({ maxLength: 6 }));
const texts = fc.oneof(words, fc.array(words, { maxLength: 4 }));
const operands: Readonly<Record<string, fc.Arbitrary<readonly unknown[]>>> = {
  'strings.any_prefix_match': fc.tuple(texts, texts),
  'strings.any_suffix_match': fc.tuple(texts, texts),
  'strings.count': fc.tuple(words, words),
};

test.each([...hostBuiltins.keys()])('%s answers as in OPA', async (name) => {
  const builtin = hostBuiltins.get(name);
  const samples = fc.sample(operands[name] ?? fc.constant([]), 150) as (readonly (string | string[])[])[];
  const calls = samples.map((s) => `${name}(${s.map((o) => JSON.stringify(o)).join(', ')})`);
  const out = await runOpa(await findOpa(process.env), ['eval', '-f', 'json', `[${calls.join(', ')}]`]);
  const answer = JSON.parse(out) as { result: [{ expressions: [{ value: unknown }] }] };
  expect(samples.map((s) => builtin?.(...s))).toEqual(answer.result[0].expressions[0].value);
});

test('our host decides as the SDK of OPA does, over generated statements', async () => {
  const oracle = await loadPolicy(new Uint8Array(bundle.wasm).buffer, { initial: 256 });
  oracle.setData(JSON.parse(bundle.data.toString()) as object);
  const engine = new Engine(bundle);
  const whole = new Projection(undefined);
  const circumstances = { session: facts, now: nowFacts(someTimeMs), approval: undefined };
  fc.assert(
    fc.property(statements, people, (command, who) => {
      const person = frame(who);
      const projection = engine.projection('postgres');
      const parts = (['principal', 'client', 'target'] as const).flatMap((part) => {
        const json = projection.part(part, person);
        return json === undefined ? [] : [engine.retain(part, json)];
      });
      const ours: unknown = JSON.parse(
        engine.evaluate('postgres', projection.input(command, requestId, circumstances), parts),
      );
      for (const part of parts) engine.release(part);
      const { principal, client, target } = person;
      const input: unknown = JSON.parse(whole.input(command, requestId, circumstances));
      const theirs: unknown = oracle.evaluate(
        { ...(input as object), principal, client, target },
        'sallyport/postgres/decision',
      );
      expect(ours).toEqual(theirs);
      const decided = sessionOf(engine, person).decide(command, 'k', requestId, facts);
      expect(decided.findings.map((f) => f.id)).not.toContain('SP-002');
    }),
    { numRuns: 400 },
  );
});

test('nothing that a command may hold throws, and nothing odd gets through', async () => {
  const session = sessionOf(
    await engineOf(
      allowing({
        findings: findings({ allow: '[x | x := {"id": "T-1", "msg": "yes"}; input.command.text == "allow me"]' }),
        effect: '{true: "allow", false: "deny"}[input.command.text == "allow me"]',
      }),
    ),
  );
  const odd = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\ud800', '\udfff\ud800', '\0', '"', '\\', '\u2028', '{"$":', 'x'.repeat(300_000)),
  );
  const until = performance.now() + Number(process.env['SALLYPORT_FUZZ_MS'] ?? 2_000);
  let n = 0;
  fc.assert(
    fc.property(
      odd,
      fc.array(fc.option(odd, { nil: null }), { maxLength: 5 }),
      fc.jsonValue({ maxDepth: 50 }),
      (text, params, claim) => {
        if (performance.now() > until) return;
        n++;
        expect(
          session.decide(
            statement({ text, params, into: text, fingerprint: JSON.stringify(claim) }),
            `k${n}`,
            requestId,
            facts,
          ).effect,
        ).toBe('deny');
      },
    ),
    { numRuns: 2_000 },
  );
  expect(n).toBeGreaterThan(0);
  expect(session.decide(statement({ text: 'allow me' }), 'last', requestId, facts).effect).toBe('allow');
});

test('claims nested beyond any sense are a deny, not a crash', async () => {
  const engine = await engineOf(allowing());
  let claim: readonly unknown[] = [];
  for (let i = 0; i < 3_000; i++) claim = [claim];
  const deep = frame({ claims: { claim: claim as readonly never[] } });
  expect(['allow', 'deny']).toContain(sessionOf(engine, deep).decide(statement(), 'k', requestId, facts).effect);
  expect(sessionOf(engine).decide(statement(), 'k', requestId, facts).effect).toBe('allow');
});

test('every action of the API has somebody who may do it', () => {
  const engine = new Engine(bundle);
  const everyone = frame({ groups: ['approvers', 'dba', 'auditors', 'operators'] });
  for (const action of adminActions) {
    // Nobody decides their own, and everybody registers only keys of their own.
    const owner = ['ssh.keys.register', 'ssh.codes.issue'].includes(action) ? everyone.principal.id : 'bob';
    const call: Command = {
      protocol: 'admin',
      action,
      effects: [action],
      text: '',
      labels: [],
      analysis: { complete: true, reasons: [] },
      resource: { kind: 'x', id: '1', owner },
    };
    expect({ action, ...sessionOf(engine, everyone).decide(call, '', requestId, facts) }).toMatchObject({
      action,
      effect: 'allow',
    });
  }
});
