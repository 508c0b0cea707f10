import { untilSettled, type Child } from './child.ts';
import { ResidentPeak } from './machine.ts';
import { openSession, Reader, type Peer } from './peer.ts';
import type { Row, Section } from './result.ts';
import { interleaved, type Effort } from './rounds.ts';
import { ratios, spreadOf } from './statistics.ts';
import type { OpenGateway, World } from './world.ts';

const twoPartial = 'select id, ssn, phone, note from people';
const oneTokenized = 'select id, ssn, email, note from people';
/** One text of 64 bytes in which nothing is found, and an id: what the detectors cost where they are for nothing. */
const longText = 'select id, note from people';
const mebibyte = 2 ** 20;

type Name =
  | 'direct'
  | 'pipe'
  | 'gateway, clear'
  | 'gateway, long text'
  | 'gateway, searched'
  | 'gateway, partial and partial'
  | 'gateway, partial and tokenize';

/** One large result: what looking at, masking and recording a row costs. */
export async function measureBulk(world: World, effort: Effort, signal: AbortSignal): Promise<Section> {
  const { rounds, bulkRows } = effort;
  await using gateway = await world.openGateway('bulk');
  await assertMasked(world, gateway);
  await assertSearched(gateway);
  // Something must have been read before memory can be said to grow by reading: code is compiled, sessions have been opened.
  for (const peer of [gateway.masked, gateway.clear, gateway.searched])
    await readAll(peer, `${oneTokenized} where id <= 1001000`, 1000);
  await readAll(world.pipe, `${oneTokenized} where id <= 1001000`, 1000);
  await untilSettled(gateway.child);
  const before = new Map(
    await Promise.all([gateway.child, world.pipeProcess].map(async (c) => [c, (await c.memory()).rss] as const)),
  );
  const growths = new Map<Name, number[]>();
  const speed = async (peer: Peer, sql: string): Promise<number> => {
    const started = performance.now();
    await readAll(peer, sql, bulkRows);
    return bulkRows / (performance.now() - started); // thousand rows a second
  };
  const watched = async (name: Name, child: Child, peer: Peer, sql: string): Promise<number> => {
    using resident = new ResidentPeak(child.pid);
    const value = await speed(peer, sql);
    const grown = (resident.peak - (before.get(child) ?? 0)) / mebibyte;
    if (resident.peak > 0) growths.set(name, [...(growths.get(name) ?? []), grown]);
    return value;
  };
  const values = await interleaved<Name>(
    rounds,
    [
      ['direct', () => speed(world.direct, twoPartial)],
      ['pipe', () => watched('pipe', world.pipeProcess, world.pipe, twoPartial)],
      ['gateway, clear', () => watched('gateway, clear', gateway.child, gateway.clear, twoPartial)],
      ['gateway, long text', () => watched('gateway, long text', gateway.child, gateway.clear, longText)],
      ['gateway, searched', () => watched('gateway, searched', gateway.child, gateway.searched, longText)],
      [
        'gateway, partial and partial',
        () => watched('gateway, partial and partial', gateway.child, gateway.masked, twoPartial),
      ],
      [
        'gateway, partial and tokenize',
        () => watched('gateway, partial and tokenize', gateway.child, gateway.masked, oneTokenized),
      ],
    ],
    signal,
  );
  return {
    title: `${bulkRows.toLocaleString('en')} rows of 100 bytes`,
    method:
      'One statement, read as fast as it comes by a client that does nothing else. Memory is the most that the gateway’s process has ' +
      'while it answers, above what it had before the first answer.',
    rows: rowsOf(
      values,
      [...growths].flatMap(([name, each]) => (name === 'pipe' ? [] : each)),
    ),
    figures: [
      ...[...values].map(([measure, each]): Row => ({ measure, unit: 'krows/s', spread: spreadOf(each) })),
      ...[...growths].map(([name, each]): Row => ({ measure: `memory: ${name}`, unit: 'MiB', spread: spreadOf(each) })),
    ],
    skipped: growths.size === 0 ? ['growth of memory: there is no /proc here'] : [],
  };
}

function rowsOf(values: ReadonlyMap<Name, readonly number[]>, growths: readonly number[]): readonly Row[] {
  const pipe = values.get('pipe') ?? [];
  const row = (measure: string, name: Name, atLeast: number): Row => ({
    measure,
    unit: '×',
    spread: spreadOf(ratios(values.get(name) ?? [], pipe)),
    target: { kind: 'at-least', value: atLeast },
  });
  return [
    row('unmasked, against the pipe', 'gateway, clear', 0.8),
    row('two columns masked (partial, partial), against the pipe', 'gateway, partial and partial', 0.5),
    row('two columns masked (partial, tokenize), against the pipe', 'gateway, partial and tokenize', 0.5),
    {
      measure: 'a text of 64 bytes searched by all detectors, against the same unsearched',
      unit: '×',
      spread: spreadOf(ratios(values.get('gateway, searched') ?? [], values.get('gateway, long text') ?? [])),
    },
    ...(growths.length === 0
      ? []
      : [
          {
            measure: 'memory the gateway grew by',
            unit: 'MiB',
            spread: spreadOf(growths),
            target: { kind: 'below', value: 64, of: 'max' },
          } as const,
        ]),
  ];
}

async function readAll(peer: Peer, sql: string, rows: number): Promise<void> {
  using reader = await Reader.open(peer);
  await reader.read(sql, rows);
}

/** A benchmark of masking in which nothing is masked would be a fine one. @throws Error when what leaves is not what the rows say */
async function assertMasked({ direct }: World, { clear: reader, masked: other }: OpenGateway): Promise<void> {
  const sql = 'select ssn, phone, email from people where id = 1000001';
  const answers = await Promise.all(
    [direct, reader, other].map(async (peer) => {
      const client = await openSession(peer);
      try {
        const { rows } = await client.query<Record<string, unknown>>(sql);
        return Object.values(rows[0] ?? {}).map(String);
      } finally {
        await client.end();
      }
    }),
  );
  const [real = [], clear = [], masked = []] = answers;
  const isClear = clear.length === real.length && clear.every((value, i) => value === real[i]);
  const isMasked = masked.length === real.length && masked.every((value, i) => value !== real[i]);
  if (real.length !== 3 || !isClear || !isMasked)
    throw new Error(`masks are not what is measured: ${JSON.stringify({ real, clear, masked })}`);
}

/** Likewise. @throws Error when what a detector would find leaves */
async function assertSearched({ searched }: OpenGateway): Promise<void> {
  const client = await openSession(searched);
  try {
    const { rows } = await client.query<{ readonly text: string }>(`select 'to p@mail.test' as text`);
    if (rows[0]?.text !== 'to ***') throw new Error(`nothing is searched: ${JSON.stringify(rows)}`);
  } finally {
    await client.end();
  }
}
