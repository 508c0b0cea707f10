import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Child } from './child.ts';
import type { Peer } from './peer.ts';
import type { Load, Pgbench } from './pgbench.ts';
import type { Row, Section, Target, Unit } from './result.ts';
import { interleaved, type Effort } from './rounds.ts';
import { statementCost } from './statement-cost.ts';
import { differences, ratios, spreadOf } from './statistics.ts';
import type { OpenGateway, World } from './world.ts';

type Name = 'direct' | 'pipe' | 'PgBouncer' | 'gateway';
type Values = ReadonlyMap<Name, readonly number[]>;

interface Contestant {
  readonly name: Name;
  readonly peer: Peer;
  /** The process in between, where it is one of ours. */
  readonly child?: Child;
}

interface Measured {
  readonly values: Values;
  /** See `StatementCost`. */
  readonly cpu: Values;
}

/** Short statements, one after the other: what a decision, a record and an audit entry for each of them cost. */
export async function measureThroughput(
  world: World,
  pgbench: Pgbench,
  effort: Effort,
  signal: AbortSignal,
): Promise<readonly Section[]> {
  const { rounds, seconds } = effort;
  await using gateway = await world.openGateway('throughput');
  const peers = peersOf(world, gateway);
  // PgBouncer has its say where its aim is ours; everywhere would cost minutes.
  const ours = peers.filter(({ name }) => name !== 'PgBouncer');
  const throughput = async (load: Load, contestants: readonly Contestant[]): Promise<Measured> => {
    const cpu = new Map<Name, number[]>();
    const measures = contestants.map(({ name, peer, child }) => {
      return [
        name,
        async () => {
          const { perSecond, cpuUs } = await statementCost(pgbench, peer, load, child);
          if (cpuUs !== undefined) cpu.set(name, [...(cpu.get(name) ?? []), cpuUs]);
          return perSecond;
        },
      ] as const;
    });
    return { values: await interleaved(rounds, measures, signal), cpu };
  };
  const latencyOf = (load: Load): Promise<Values> =>
    interleaved(
      rounds,
      ours.map(({ name, peer }) => [name, () => pgbench.medianLatencyMs(peer, load)] as const),
      signal,
    );
  const newText = join(world.dir, 'new-text.sql');
  await writeFile(newText, newTextScript);

  const prepared = await throughput({ mode: 'prepared', clients: 8, seconds }, peers);
  const alone = await latencyOf({ mode: 'prepared', clients: 1, seconds });
  const simple = await throughput({ mode: 'simple', clients: 8, seconds, script: newText }, ours);
  return [
    {
      title: 'Prepared statements, 8 clients',
      method: '`pgbench -S -M prepared -c 8`, transactions per second against each peer.',
      rows: against(prepared.values, { kind: 'at-least', value: 0.9 }),
      figures: [...figures(prepared.values, 'per s'), ...cpuFigures(prepared)],
      skipped: [],
    },
    {
      title: 'Prepared statements, 1 client',
      method: '`pgbench -S -M prepared -c 1 --log`, median latency; the row is what the gateway adds to it.',
      rows: [
        {
          measure: 'median latency added to the pipe’s',
          unit: 'ms',
          spread: spreadOf(differences(valuesOf(alone, 'gateway'), valuesOf(alone, 'pipe'))),
          target: { kind: 'below', value: 0.05 },
        },
      ],
      figures: figures(alone, 'ms'),
      skipped: [],
    },
    {
      title: 'New statement text each time, 8 clients',
      method: '`pgbench -M simple -c 8`, the same look-up with a literal that no statement had before.',
      rows: against(simple.values, { kind: 'at-least', value: 0.4 }),
      figures: [...figures(simple.values, 'per s'), ...cpuFigures(simple)],
      skipped: [],
    },
  ];
}

/** Two numbers of the text are new each time, so that no cache of texts can know it. */
export const newTextScript = `\\set aid random(1, 100000)
\\set nonce random(1, 2147483647)
SELECT abalance FROM pgbench_accounts WHERE aid = :aid AND bid < :nonce;
`;

function peersOf(world: World, { masked, child }: OpenGateway): readonly Contestant[] {
  return [
    { name: 'direct', peer: world.direct },
    { name: 'pipe', peer: world.pipe, child: world.pipeProcess },
    ...(world.pgbouncer ? [{ name: 'PgBouncer', peer: world.pgbouncer } as const] : []),
    { name: 'gateway', peer: masked, child },
  ];
}

function against(values: Values, target: Target): readonly Row[] {
  const gateway = valuesOf(values, 'gateway');
  return [...values.keys()]
    .filter((name) => name !== 'gateway')
    .map((name) => ({
      measure: `gateway against ${name === 'PgBouncer' ? name : nameInWords(name)}`,
      unit: '×',
      spread: spreadOf(ratios(gateway, valuesOf(values, name))),
      ...(name === 'pipe' ? { target } : {}),
    }));
}

function nameInWords(name: 'direct' | 'pipe'): string {
  return name === 'pipe' ? 'the pipe' : 'no proxy at all';
}

function figures(values: Values, unit: Unit): readonly Row[] {
  return [...values].map(([measure, each]) => ({ measure, unit, spread: spreadOf(each) }));
}

function cpuFigures({ cpu }: Measured): readonly Row[] {
  return [...cpu].map(([name, each]) => ({
    measure: `processor time a statement: ${name}`,
    unit: 'µs',
    spread: spreadOf(each.slice(1)), // the first round warms up
  }));
}

function valuesOf(values: Values, name: Name): readonly number[] {
  return values.get(name) ?? [];
}
