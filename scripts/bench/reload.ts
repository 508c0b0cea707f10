import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openSession, type Peer } from './peer.ts';
import type { Row, Section } from './result.ts';
import type { Effort } from './rounds.ts';
import { quantile, ratios, spreadOf } from './statistics.ts';
import type { World } from './world.ts';

const clients = 4;
const lookEveryMs = 5;
const longestMs = 30_000;

/** Commands that are under way while a bundle is published, found good and taken up, against the same commands before. */
export async function measureReload(world: World, effort: Effort, signal: AbortSignal): Promise<Section> {
  await using gateway = await world.openGateway('reload');
  await using load = await startLoad(gateway.masked);
  const witness = await openSession(gateway.masked);
  const rounds: Round[] = [];
  try {
    for (let round = 0; round <= effort.rounds; round++) {
      signal.throwIfAborted();
      const before = await load.during(() => sleep(effort.seconds * 1000, undefined, { signal }));
      const published = performance.now();
      const during = await load.during(async () => {
        const revision = await world.bundle.publish();
        await untilInForce(witness, revision, signal);
      });
      // The first one warms up.
      if (round > 0) rounds.push({ before, during, tookMs: performance.now() - published });
    }
  } finally {
    await witness.end();
  }
  return sectionOf(rounds);
}

interface Round {
  /** Milliseconds of each command. */
  readonly before: readonly number[];
  readonly during: readonly number[];
  /** From publishing until a command was judged by the new bundle. */
  readonly tookMs: number;
}

function sectionOf(rounds: readonly Round[]): Section {
  const p99 = (of: 'before' | 'during') => rounds.map((round) => quantile(round[of], 0.99));
  const longest = rounds.map(({ during }) => Math.max(...during));
  const row = (measure: string, unit: Row['unit'], each: readonly number[]): Row => ({
    measure,
    unit,
    spread: spreadOf(each),
  });
  return {
    title: 'A new bundle under load',
    method:
      `${String(clients)} sessions read a row without a pause while a bundle is published to the file that the gateway watches; ` +
      'during: from then until a command is judged by it, at most one poll (300 ms) and the time that checking it takes.',
    rows: [
      {
        ...row(
          'from publishing to effect',
          'ms',
          rounds.map((round) => round.tookMs),
        ),
        target: { kind: 'below', value: 1_000, of: 'max' },
      },
      row('p99 of commands during a reload, against before', '×', ratios(p99('during'), p99('before'))),
    ],
    figures: [
      row('p99 of commands before', 'ms', p99('before')),
      row('p99 of commands during a reload', 'ms', p99('during')),
      row('the longest command during a reload', 'ms', longest),
    ],
    skipped: [],
  };
}

/** Sessions that read a row again and again, until disposed of. */
async function startLoad(
  peer: Peer,
): Promise<AsyncDisposable & { during(work: () => Promise<void>): Promise<readonly number[]> }> {
  const sessions = await Promise.all(Array.from({ length: clients }, () => openSession(peer)));
  const stop = new AbortController();
  let times: number[] = [];
  const working = Promise.all(
    sessions.map(async (session) => {
      while (!stop.signal.aborted) {
        const started = performance.now();
        await session.query('select id, ssn from people where id = 1000001');
        times.push(performance.now() - started);
      }
    }),
  );
  working.catch(() => undefined); // `during` throws it
  return {
    during: async (work) => {
      times = [];
      await Promise.race([work(), working]);
      return times;
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.allSettled([working]);
      for (const session of sessions) await session.end();
    },
  };
}

/** A denial names the revision that judged it. */
async function untilInForce(witness: pg.Client, revision: string, signal: AbortSignal): Promise<void> {
  const until = performance.now() + longestMs;
  while (performance.now() < until) {
    const detail = await witness.query('delete from people').then(
      () => undefined,
      (error: unknown) => (error instanceof pg.DatabaseError ? error.detail : undefined),
    );
    if (detail === undefined) throw new Error('the statement that asks for the revision was not denied by policy');
    if (detail.includes(revision)) return;
    await sleep(lookEveryMs, undefined, { signal });
  }
  throw new Error(`revision ${revision} did not come into force`);
}
