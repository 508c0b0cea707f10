import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryOnRecordings } from '../../gateway/composition/backtest/run.ts';
import type { Decision } from '../../gateway/contract/decision.ts';
import { asId, type RequestId, type Revision, type SessionId } from '../../gateway/contract/ids.ts';
import { facts, frame, statement } from '../../gateway/testing/commands.ts';
import { Encoder, line } from '../../gateway/recordings/encoder.ts';
import { recordingHeader } from '../../gateway/recordings/format.ts';
import type { Row } from './result.ts';
import { spreadOf } from './statistics.ts';

const sessions = 20;
/** Different facts of one session: what a service sends, and what somebody tries by hand. */
const statements = 200;
const tries = 3;
/** 100,000 commands in 15 s on two cores. */
const target = { kind: 'at-least', value: 6_667 } as const;

/** Recorded commands, judged under two bundles: all of `policy diff --recordings` but its start. */
export async function measureBacktest(bundle: string, commands: number, signal: AbortSignal): Promise<Row> {
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  try {
    await record(join(dir, 'recordings'), commands / sessions);
    const archive = await readFile(bundle);
    const rates: number[] = [];
    for (let i = 0; i <= tries; i++) {
      signal.throwIfAborted();
      const started = performance.now();
      const { report } = await tryOnRecordings({
        old: archive,
        new: archive,
        recordings: { dir, sinceMs: 0, untilMs: Infinity },
        reparse: undefined,
        examples: 2,
        onProgress: () => undefined,
      });
      // A command that is left out is a fast one.
      if (report.directions.same !== commands)
        throw new Error(`tried ${report.directions.same} of ${commands} commands`);
      if (i > 0) rates.push((commands * 1000) / (performance.now() - started));
    }
    return { measure: 'recorded commands, under two bundles', unit: 'per s', spread: spreadOf(rates), target };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const decision: Decision = {
  effect: 'allow',
  revision: asId<Revision>('bench'),
  findings: [{ kind: 'allow', id: 'PG-500', msg: 'readers read' }],
  masks: {},
  approval: null,
  limits: {},
};

async function record(dir: string, perSession: number): Promise<void> {
  await mkdir(dir);
  for (let n = 0; n < sessions; n++) {
    const encoder = new Encoder({ maxResultBytes: 0, maxTerminalBytes: 0 });
    const about = { ...frame(), id: asId<SessionId>(`bench${n}`) };
    let ndjson = line(recordingHeader(about, 'bench'));
    for (let i = 0; i < perSession; i++) {
      // Rules read the reasons: each of these is judged anew.
      const reasons = [`statement ${i % statements}`];
      const { text, params, transaction, batch, ...rest } = statement({ analysis: { complete: true, reasons } });
      ndjson += encoder.command(i, {
        requestId: asId<RequestId>(`R${i}`),
        text: `${text} where id = ${i % statements}`,
        params,
        action: rest.action,
        decision,
        key: reasons.join(),
        facts: rest,
        place: { transaction, batch },
        erased: [],
        around: { session: { ...facts, commands: i }, minuteMs: 0, approval: undefined },
      });
    }
    await writeFile(join(dir, `${about.id}.ndjson`), ndjson);
  }
}
