import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { effects, maskMethods, type Decision } from '../../contract/decision.ts';
import type { Json } from '../../contract/principal.ts';
import { verifyBundle } from '../bundle/verify.ts';
import { facts, frame, requestId, statement } from '../../testing/commands.ts';
import { compileRego, decidingBy, key, root, signedBundle, someTimeMs } from '../fixtures.ts';
import { Engine } from './engine.ts';
import { nowFacts } from './now.ts';
import { WasmSession } from './session.ts';

/** The published lattice, on the resolver that ships, through the engine that ships. Findings come in as a claim. */
const resolved = `resolver.resolve(input.request_id, set(), {kind: {f | some f in fs} | some kind, fs in input.principal.claims.found})`;

let engine: Engine;
beforeAll(async () => {
  const resolver = await readFile(join(root, 'policies/sallyport/resolver.rego'), 'utf8');
  const files: Record<string, string> = { 'resolver.rego': resolver };
  for (const [name, text] of Object.entries(decidingBy(resolved))) {
    files[name] = text.replace('import data.sets', 'import data.sallyport.resolver');
  }
  const wasm = await compileRego(process.env, files);
  const expected = { keys: [key.trusted], nowMs: someTimeMs, minSequence: 0 };
  engine = new Engine(await verifyBundle(await signedBundle(wasm), expected));
});

type Found = { readonly kind: string; readonly finding: { readonly [name: string]: Json } };

function decide(found: readonly Found[]): Decision {
  const sets: Record<string, Json[]> = { allow: [], deny: [], approve: [], mask: [], limit: [], notify: [] };
  for (const { kind, finding } of found) sets[kind]?.push(finding);
  const session = new WasmSession(frame({ claims: { found: sets } }), {
    engine: () => engine,
    nowMs: () => someTimeMs,
    now: () => nowFacts(someTimeMs),
    failed: () => undefined,
  });
  using _closing = session;
  return session.decide(statement(), 'k', requestId, facts);
}

const id = fc.constantFrom('F-1', 'F-2', 'F-3');
const of = (kind: string, fields: Record<string, fc.Arbitrary<Json>>): fc.Arbitrary<Found> =>
  fc.record({ id, msg: fc.constant('m'), ...fields }).map((finding) => ({ kind, finding }));
const groups = fc.subarray(['dba', 'leads', 'security'], { minLength: 1 });
const allow = of('allow', {});
const other = fc.oneof(
  of('deny', {}),
  of('approve', {
    groups,
    quorum: fc.integer({ min: 1, max: 3 }),
    ttl_s: fc.integer({ min: 1, max: 900 }),
    scope: fc.constantFrom('once', 'session'),
  }),
  of('mask', { label: fc.constantFrom('a', 'b'), method: fc.constantFrom(...maskMethods) }),
  of('limit', { rows: fc.integer({ min: 0, max: 9 }) }),
  of('limit', { bytes: fc.integer({ min: 0, max: 9 }) }),
  of('notify', { channel: fc.constantFrom('x', 'y') }),
);
const sets = fc.array(fc.oneof(allow, other), { maxLength: 8 });
const runs = { numRuns: 300 };

test('every set of findings has a decision that can be read', () => {
  fc.assert(
    fc.property(sets, (found) => {
      expect(decide(found).findings.map((f) => f.id)).not.toContain('SP-002');
    }),
    runs,
  );
});

test('neither order nor repetition of findings matters', () => {
  const shuffled = sets.chain((found) =>
    fc.tuple(fc.constant(found), fc.shuffledSubarray(found, { minLength: found.length })),
  );
  fc.assert(
    fc.property(shuffled, ([found, other]) => {
      expect(outcome(decide([...other, ...found]))).toEqual(outcome(decide(found)));
    }),
    runs,
  );
});

test('one more finding loosens nothing, but for allow', () => {
  fc.assert(
    fc.property(sets, other, (found, more) => {
      const [before, after] = [decide(found), decide([...found, more])];
      expect(effects.indexOf(after.effect)).toBeGreaterThanOrEqual(effects.indexOf(before.effect));
      if (after.effect === 'deny') return;
      for (const [label, method] of Object.entries(before.masks)) {
        expect(maskMethods.indexOf(after.masks[label] ?? 'partial')).toBeLessThanOrEqual(maskMethods.indexOf(method));
      }
      expect(after.limits.rows ?? Infinity).toBeLessThanOrEqual(before.limits.rows ?? Infinity);
      expect(after.limits.bytes ?? Infinity).toBeLessThanOrEqual(before.limits.bytes ?? Infinity);
      const [was, is] = [before.approval, after.approval];
      if (was === null) return;
      expect(was.groups).toEqual(expect.arrayContaining([...(is?.groups ?? [])]));
      expect(is?.quorum).toBeGreaterThanOrEqual(was.quorum);
      expect(is?.ttl_s).toBeLessThanOrEqual(was.ttl_s);
      expect([is?.scope, was.scope]).not.toEqual(['session', 'once']);
    }),
    runs,
  );
});

test('nothing runs without an allow', () => {
  fc.assert(
    fc.property(fc.array(other, { maxLength: 6 }), (found) => {
      expect(decide(found).effect).toBe('deny');
    }),
    runs,
  );
});

/** What a decision does, without the words that explain it. */
function outcome({ effect, masks, approval, limits }: Decision) {
  return { effect, masks: { ...masks }, approval, limits };
}
