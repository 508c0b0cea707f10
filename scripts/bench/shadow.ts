import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Load, Pgbench } from './pgbench.ts';
import type { Row, Section } from './result.ts';
import { interleaved, type Effort } from './rounds.ts';
import { statementCost } from './statement-cost.ts';
import { ratios, spreadOf } from './statistics.ts';
import { newTextScript } from './throughput.ts';
import type { OpenGateway, World } from './world.ts';

type Name = 'with a shadow' | 'without';

/** The same bundle once more, as a shadow: what judging everything twice costs, and how much of it is judged at all. */
export async function measureShadow(
  world: World,
  pgbench: Pgbench,
  { rounds, seconds }: Effort,
  signal: AbortSignal,
): Promise<Section> {
  await using plain = await world.openGateway('without-shadow');
  await using shadowed = await world.openGateway('with-shadow', { policy: { shadow: { bundle: world.bundle.file } } });
  const newText = join(world.dir, 'shadow-new-text.sql');
  await writeFile(newText, newTextScript);
  const cpuFigures: Row[] = [];
  const compare = async (measure: string, load: Load): Promise<Row> => {
    const cpu = new Map<Name, number[]>();
    const of = (name: Name, { masked, child }: OpenGateway) => {
      const run = async () => {
        const { perSecond, cpuUs } = await statementCost(pgbench, masked, load, child);
        if (cpuUs !== undefined) cpu.set(name, [...(cpu.get(name) ?? []), cpuUs]);
        return perSecond;
      };
      return [name, run] as const;
    };
    const values = await interleaved<Name>(rounds, [of('without', plain), of('with a shadow', shadowed)], signal);
    for (const [name, each] of cpu) {
      const spread = spreadOf(each.slice(1)); // the first round warms up
      cpuFigures.push({ measure: `processor time a statement, ${load.mode}, ${name}`, unit: 'µs', spread });
    }
    const spread = spreadOf(ratios(values.get('with a shadow') ?? [], values.get('without') ?? []));
    return { measure, unit: '×', spread, target: { kind: 'at-least', value: 0.85 } };
  };
  const before = await judgedOf(shadowed);
  const prepared = await compare('prepared statements: with a shadow against without', {
    mode: 'prepared',
    clients: 8,
    seconds,
  });
  const middle = await judgedOf(shadowed);
  const simple = await compare('new text each time: with a shadow against without', {
    mode: 'simple',
    clients: 8,
    seconds,
    script: newText,
  });
  const after = await judgedOf(shadowed);
  return {
    title: 'A bundle in the shadow, 8 clients',
    method: '`pgbench -c 8` against a gateway with the same bundle as its shadow (`cpu_percent` 10), and one without.',
    rows: [prepared, simple],
    figures: [
      ...cpuFigures,
      figure('part of the prepared statements that the shadow judged', share(before, middle)),
      figure('part of the new texts that the shadow judged', share(middle, after)),
    ],
    skipped: [],
  };
}

interface Judged {
  readonly judged: number;
  readonly dropped: number;
}

async function judgedOf({ metrics }: OpenGateway): Promise<Judged> {
  const counts = [...(await metrics()).matchAll(/^sallyport_shadow_decisions_total\{outcome="(\w+)"\} (\d+)$/gm)];
  const sum = (wanted: (outcome: string) => boolean) =>
    counts.reduce((all, [, outcome = '', count]) => all + (wanted(outcome) ? Number(count) : 0), 0);
  return { judged: sum((outcome) => outcome !== 'dropped'), dropped: sum((outcome) => outcome === 'dropped') };
}

function share(before: Judged, after: Judged): number {
  const judged = after.judged - before.judged;
  return judged / (judged + after.dropped - before.dropped);
}

function figure(measure: string, value: number): Row {
  return { measure, unit: '×', spread: { min: value, median: value, max: value } };
}
