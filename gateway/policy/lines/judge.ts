import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from '../../contract/command.ts';
import type { Decision } from '../../contract/decision.ts';
import { asId, type RequestId, type SessionId } from '../../contract/ids.ts';
import type { SessionFrame } from '../../contract/ports.ts';
import type { Client, Principal, Target } from '../../contract/principal.ts';
import { compilePolicies } from '../build/compile.ts';
import type { BundleSources } from '../build/interface.ts';
import { opaVersion } from '../build/opa.ts';
import { readsOf } from '../build/reads.ts';
import { isPolicySource, stageSources, stageTestData } from '../build/stage.ts';
import type { Manifest } from '../bundle/manifest.ts';
import type { VerifiedBundle } from '../bundle/verify.ts';
import { decisionEntrypoints } from '../engine/entrypoints.ts';
import { Engine } from '../engine/engine.ts';
import { nowFacts } from '../engine/now.ts';
import { WasmSession } from '../engine/session.ts';
import { parseLabels, type Labels } from '../labels.ts';
import { somewhere, type Session } from './case.ts';

/** Who asks what, and when. */
export interface Question {
  readonly principal: Principal;
  readonly client?: Client;
  readonly target: Target;
  readonly command: Command;
  readonly key: string;
  readonly nowMs: number;
  readonly session: Session;
  /** Rules whose demand an approval has satisfied. */
  readonly approved: readonly string[];
}

/** The module that would ship, run as the gateway runs it. */
export class Judge {
  readonly labels: Labels;
  readonly #engine: Engine;

  constructor(engine: Engine, labels: Labels) {
    this.#engine = engine;
    this.labels = labels;
  }

  decide({ principal, client = somewhere, target, command, key, nowMs, session, approved }: Question): Decision {
    const requestId = asId<RequestId>('line');
    const frame: SessionFrame = {
      id: asId<SessionId>('line'),
      principal,
      target,
      client,
      startedAtMs: nowMs,
    };
    const engine = this.#engine;
    const around = { engine: () => engine, nowMs: () => nowMs, now: () => nowFacts(nowMs), failed: () => undefined };
    using asked = new WasmSession(frame, around);
    const facts = { id: frame.id, started_at: new Date(nowMs).toISOString(), ...session };
    const approval = { id: 'line', rules: approved, approvers: ['somebody'], scope: 'once' as const };
    return asked.decide(command, key, requestId, facts, approved.length === 0 ? undefined : approval);
  }
}

/**
 * Compiles policies as a build does, and loads them as the gateway does; nothing is signed.
 * @throws SallyportError `opa-failed`, `bundle-invalid`
 */
export async function openJudge(sources: Compiled, opa: string, signal?: AbortSignal): Promise<Judge> {
  const bundle = await compileUnsigned(sources, opa, signal);
  return new Judge(new Engine(bundle), parseLabels(bundle.data));
}

type Compiled = Pick<BundleSources, 'policies' | 'testData' | 'capabilities'>;

/** What a build would sign. @throws SallyportError `opa-failed` */
export async function compileUnsigned(
  { policies, testData = [], capabilities }: Compiled,
  opa: string,
  signal?: AbortSignal,
): Promise<VerifiedBundle> {
  const work = await mkdtemp(join(tmpdir(), 'sallyport-lines-'));
  try {
    const where = { cwd: work, signal };
    await stageSources(policies, join(work, 'policies'), isPolicySource);
    // In the gateway the bundles' data is one as well.
    await stageTestData(testData, join(work, 'policies'));
    const rules = ['--capabilities', resolve(capabilities)];
    const { wasm, data } = await compilePolicies(opa, work, 'policies', rules, where);
    const reads: Record<string, string[]> = {};
    for (const entrypoint of decisionEntrypoints) reads[entrypoint] = await readsOf(opa, 'policies', entrypoint, where);
    return { manifest: unsigned(reads), wasm, data, keyId: '' };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function unsigned(reads: Manifest['metadata']['reads']): Manifest {
  return {
    revision: 'working-tree',
    roots: [''],
    rego_version: 1,
    wasm: decisionEntrypoints.map((entrypoint) => ({ entrypoint, module: '/policy.wasm' as const })),
    metadata: {
      format: 1,
      sequence: 1,
      built_at: '1970-01-01T00:00:00.000Z',
      // Lines may be judged at any time that a case names.
      expires_at: '9999-12-31T23:59:59.999Z',
      sources: '0'.repeat(64),
      opa: opaVersion,
      reads,
    },
  };
}
