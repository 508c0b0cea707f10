import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { ApprovalFact, Command } from '../../contract/command.ts';
import type { SessionFrame } from '../../contract/ports.ts';
import { fuzzSeed } from '../../testing/seed.ts';
import { findOpa, runOpa } from '../build/opa.ts';
import { isPolicySource, stageSources } from '../build/stage.ts';
import { facts, frame, requestId } from '../../testing/commands.ts';
import { defaultSources, someTimeMs, temporaryFolder, unordered } from '../fixtures.ts';
import { apiCalls, connects, people, sshCommands, statements } from '../../testing/generated-inputs.ts';
import { compileUnsigned } from '../lines/judge.ts';
import { Engine } from './engine.ts';
import { entrypointOf } from './entrypoints.ts';
import { nowFacts } from './now.ts';
import { Projection } from './projection.ts';

/**
 * The engine that ships against the one that OPA has: WebAssembly in our host, given what the manifest says that rules read, against
 * `opa eval` over the sources, given everything. One run of `opa` judges all inputs: starting it takes longer than a thousand decisions.
 */
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let engine: Engine;
beforeAll(async () => {
  folder = await temporaryFolder();
  engine = new Engine(await compileUnsigned(defaultSources, await findOpa(process.env)));
  await stageSources(defaultSources.policies, join(folder.path, 'policies'), isPolicySource);
});
afterAll(() => folder[Symbol.asyncDispose]());

interface Asked {
  readonly command: Command;
  readonly person: Partial<SessionFrame['principal']>;
  readonly env: 'prod' | 'dev';
  readonly minutes: number;
  readonly approval: ApprovalFact | undefined;
}

const approvals = fc
  .subarray(['PG-100', 'PG-101', 'PG-102', 'SSH-100', 'OTHER'])
  .map((rules): ApprovalFact => ({ id: 'h', rules, approvers: ['bea'], scope: 'once' }));
const asked = (commands: fc.Arbitrary<Command>): fc.Arbitrary<Asked> =>
  fc.record({
    command: commands,
    person: people,
    env: fc.constantFrom('prod', 'dev'),
    minutes: fc.nat({ max: 10_080 }),
    approval: fc.option(approvals, { nil: undefined }),
  });

test.each([
  ['postgres', statements, 2_000],
  ['ssh', sshCommands, 1_000],
  ['session', connects, 500],
  ['admin', apiCalls, 500],
] as const)('%s decisions are those of opa eval, over generated inputs', async (entrypoint, commands, many) => {
  const inputs = fc.sample<Asked>(asked(commands), { numRuns: many, seed: fuzzSeed }).map((one) => {
    const person = { ...frame(one.person), target: { name: 'crm', protocol: 'postgres', labels: { env: one.env } } };
    const around = { session: facts, now: nowFacts(someTimeMs + one.minutes * 60_000), approval: one.approval };
    return { command: one.command, person: person as SessionFrame, around };
  });
  const ours = inputs.map(({ command, person, around }) => {
    const projection = engine.projection(entrypoint);
    const parts = (['principal', 'client', 'target'] as const).flatMap((part) => {
      const json = projection.part(part, person);
      return json === undefined ? [] : [engine.retain(part, json)];
    });
    const answer: unknown = JSON.parse(
      engine.evaluate(entrypoint, projection.input(command, requestId, around), parts),
    );
    for (const part of parts) engine.release(part);
    return z.tuple([z.object({ result: z.unknown() })]).parse(answer)[0].result;
  });
  const whole = new Projection(undefined);
  const inFull = inputs.map(({ command, person: { principal, client, target }, around }) => {
    const input: unknown = JSON.parse(whole.input(command, requestId, around));
    return { ...(input as object), principal, client, target };
  });
  const theirs = await evalAll(entrypointOf[entrypoint], inFull);
  const different = inputs.flatMap((input, i) =>
    JSON.stringify(unordered(ours[i])) === JSON.stringify(unordered(theirs[i]))
      ? []
      : [{ input, ours: ours[i], theirs: theirs[i] }],
  );
  expect(different.slice(0, 3)).toEqual([]);
  // Inputs that all come to one thing would show nothing.
  const effects = new Set(theirs.map((decision) => z.object({ effect: z.string() }).parse(decision).effect));
  expect([...effects]).toEqual(expect.arrayContaining(reachable[entrypoint]));
});

const reachable = {
  postgres: ['allow', 'mask', 'require_approval', 'deny'],
  ssh: ['allow', 'require_approval', 'deny'],
  session: ['allow', 'deny'],
  admin: ['allow', 'deny'],
};

/** By OPA's own engine, from the sources. */
async function evalAll(entrypoint: string, inputs: readonly unknown[]): Promise<readonly unknown[]> {
  const file = join(folder.path, 'inputs.json');
  await writeFile(file, JSON.stringify({ inputs }));
  const decision = `data.${entrypoint.replaceAll('/', '.')}`;
  const query = `[d | some asked in data.inputs; d := [x | x := ${decision} with input as asked]]`;
  const out = await runOpa(await findOpa(process.env), [
    'eval',
    ...['-f', 'json', '-d', join(folder.path, 'policies'), '-d', file],
    query,
  ]);
  const answer = z.object({
    result: z.tuple([z.object({ expressions: z.tuple([z.object({ value: z.unknown() })]) })]),
  });
  const value = answer.parse(JSON.parse(out)).result[0].expressions[0].value;
  return z
    .array(z.tuple([z.unknown()]))
    .parse(value)
    .map(([one]) => one);
}
