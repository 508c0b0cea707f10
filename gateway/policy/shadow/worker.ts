import { parentPort, workerData } from 'node:worker_threads';
import type { Decision } from '../../contract/decision.ts';
import { SallyportError } from '../../contract/errors.ts';
import type { Engine } from '../engine/engine.ts';
import { Refusal, refuse } from '../engine/refusals.ts';
import type { Labels } from '../labels.ts';
import { tryBundles } from '../trial.ts';
import type { FromThread, Opened, Question, ThreadData, ToThread } from './messages.ts';

/**
 * A thread that judges by one set of bundles, and ends with it. Everything that can hang is here: compiling, canaries, evaluations.
 * Whoever started it ends it when it does.
 */
const { candidates, nowMs, maxEvaluationMs, progress } = workerData as ThreadData; // thread.ts made it
const begun = new Int32Array(progress);
const written = new WeakMap<Decision, string>();

const engine = await open();
if (engine) parentPort?.on('message', (questions: ToThread) => say(answered(engine, questions)));

async function open(): Promise<Engine | undefined> {
  try {
    // What crossed from the other thread is bytes, and no Buffer any more.
    const received = candidates.map((one) => ({ ...one, archive: Buffer.from(one.archive) }));
    const { bundle, engine: opened, labels } = await tryBundles(received, nowMs);
    const { revision, expiresAtMs } = opened;
    const { reads } = bundle.manifest.metadata;
    const { version: labelsVersion } = labels;
    say({ kind: 'opened', opened: { revision, expiresAtMs, reads, labelsVersion, columns: columnsOf(labels) } });
    return opened;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say({ kind: 'refused', code: error instanceof SallyportError ? error.code : 'engine-failed', reason });
    return undefined;
  }
}

function columnsOf(labels: Labels): Opened['columns'] {
  return labels.targets.map((target) => [target, [...labels.columnsOf(target)]] as const);
}

function answered(by: Engine, questions: readonly Question[]): FromThread {
  const before = process.threadCpuUsage();
  const answers: string[] = [];
  const faults: string[] = [];
  for (const question of questions) {
    const start = process.threadCpuUsage();
    Atomics.add(begun, 0, 1);
    answers.push(jsonOf(decided(by, question, faults)));
    const tookMs = cpuMs(start);
    if (tookMs > maxEvaluationMs) return { kind: 'answers', answers, cpuMs: cpuMs(before), faults, tooLongMs: tookMs };
  }
  return { kind: 'answers', answers, cpuMs: cpuMs(before), faults };
}

function decided(by: Engine, { entrypoint, input, requestId, approval }: Question, faults: string[]): Decision {
  try {
    return by.answers.read(by.evaluate(entrypoint, input, []), requestId, approval);
  } catch (error) {
    if (!(error instanceof Refusal)) faults.push(String(error));
    return refuse(error, by.revision);
  }
}

/** Most answers are among a few dozen decisions. */
function jsonOf(decision: Decision): string {
  const known = written.get(decision);
  if (known !== undefined) return known;
  const json = JSON.stringify(decision);
  written.set(decision, json);
  return json;
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(since);
  return (user + system) / 1_000;
}

function say(message: FromThread): void {
  parentPort?.postMessage(message);
}
