import { openPolicy } from '../../gateway/policy/open.ts';
import { nowFacts } from '../../gateway/policy/engine/now.ts';
import { WasmSession } from '../../gateway/policy/engine/session.ts';
import { facts, frame, requestId, statement } from '../../gateway/testing/commands.ts';
import type { PolicySession } from '../../gateway/contract/ports.ts';
import type { PostgresCommand } from '../../gateway/contract/command-postgres.ts';
import { measureBacktest } from './backtest.ts';
import { openMasks } from '../../gateway/enforce/masking/masks.ts';
import { engineWithRules } from './many-rules.ts';
import { callsIn, processorTime } from './processor-time.ts';
import type { Row, Section } from './result.ts';
import type { Effort } from './rounds.ts';
import { spreadOf } from './statistics.ts';
import type { World } from './world.ts';

const batches = 20;
const manyRules = 200;

const plain = statement();
const masked = statement({
  text: 'select ssn from people',
  labels: ['pii.ssn'],
  output: [{ name: 'ssn', sources: ['public.people.ssn'], transform: 'plain', labels: ['pii.ssn'] }],
});
const refused = statement({ action: 'delete', effects: ['delete'], kind: 'delete', unfiltered: true });

/** Many different values: a mask may remember the last ones. */
const values = Array.from({ length: 100_003 }, (_, i) => Buffer.from(`123-${String(i).padStart(7, '0')}`));

/** The first of them in one buffer: what a chunk of rows has of a column. */
const together = {
  bytes: Buffer.concat(values.slice(0, 600)),
  starts: Int32Array.from({ length: 600 }, (_, i) => i * 11),
  ends: Int32Array.from({ length: 600 }, (_, i) => (i + 1) * 11),
  count: 600,
};

/** Policy and masking functions alone, in this process: no wire, no record. */
export async function measureDecisions(
  { bundle, dir, env }: World,
  { batchMs, recordedCommands }: Effort,
  signal: AbortSignal,
): Promise<Section> {
  await using policy = await openPolicy({
    source: bundle.file,
    keys: [bundle.key],
    clock: { now: () => Date.now() },
    onEvent: () => undefined,
    pollMs: 3_600_000,
  });
  using session = policy.policy.openSession(frame({}, 'bench'));
  assertEffects(session);
  const target = { kind: 'below', value: 25 } as const;
  let key = 0;
  // Rules read the reasons, so facts that differ in them are facts that no cache has seen.
  const uncached =
    (command: PostgresCommand, judge = session) =>
    () => {
      const unseen = String(key++);
      const analysis = { complete: true, reasons: [unseen] };
      return judge.decide({ ...command, analysis }, `new ${unseen}`, requestId, facts);
    };
  const sameFacts = () => session.decide(plain, `new ${String(key++)}`, requestId, facts);
  const timed = (each: () => unknown): readonly number[] => {
    signal.throwIfAborted();
    const calls = callsIn(batchMs, each);
    return Array.from({ length: batches }, () => processorTime(each, calls));
  };
  const row = (measure: string, each: () => unknown): Row => ({ measure, unit: 'µs', spread: spreadOf(timed(each)) });
  const engine = await engineWithRules(manyRules, dir, env);
  const nowMs = Date.now();
  const around = { engine: () => engine, nowMs: () => nowMs, now: () => nowFacts(nowMs), failed: () => undefined };
  using many = new WasmSession(frame({}, 'bench'), around);
  assertEffects(many);
  const masks = openMasks({ secret: Buffer.alloc(32, 7) });
  const room = Buffer.alloc(1024);
  const masking = (['redact', 'partial', 'hash', 'tokenize'] as const).flatMap((method) => {
    const { write, column } = masks.cellMask(method, 'pii.ssn', 'text');
    let i = 0;
    const single = row(`one value masked: ${method}`, () => {
      const value = values[i++ % values.length] ?? Buffer.alloc(0);
      return write(value, 0, value.length, room, 0);
    });
    if (!column) return [single];
    const spread = spreadOf(timed(() => column(together)).map((us) => us / together.count));
    return [
      single,
      { measure: `one of ${String(together.count)} masked together: ${method}`, unit: 'µs', spread } as const,
    ];
  });
  return {
    title: 'Decisions',
    method: `The default pack, judged in WebAssembly; ${String(batches)} batches, the processor time of one decision in each. Recorded commands: 20 sessions of 200 statements each, three times.`,
    rows: [
      { ...row('not in the cache: a plain read', uncached(plain)), target },
      { ...row('not in the cache: a masked read', uncached(masked)), target },
      { ...row('not in the cache: a denied delete', uncached(refused)), target },
      await measureBacktest(bundle.file, recordedCommands, signal),
    ],
    figures: [
      row(`not in the cache: a plain read, ${String(manyRules)} rules`, uncached(plain, many)),
      row('another text with known facts', sameFacts),
      row('in the cache', () => session.decide(plain, 'known', requestId, facts)),
      ...masking,
    ],
    skipped: [],
  };
}

/** A decision that went wrong is a fast one. */
function assertEffects(session: PolicySession): void {
  for (const [command, effect] of [
    [plain, 'allow'],
    [masked, 'mask'],
    [refused, 'deny'],
  ] as const) {
    const decision = session.decide(command, `${effect} at first`, requestId, facts);
    if (decision.effect !== effect)
      throw new Error(`policy says ${decision.effect} where ${effect} is to be measured: ${JSON.stringify(decision)}`);
  }
}
