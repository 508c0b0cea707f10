import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { format, resolveConfig } from 'prettier';
import { measureAnalysis } from './analysis.ts';
import { measureBulk } from './bulk.ts';
import { measureCatalog } from './catalog.ts';
import { measureDecisions } from './decisions.ts';
import { measureIdle } from './idle.ts';
import { describeMachine, loadNow } from './machine.ts';
import { findPgbench, openPgbench } from './pgbench.ts';
import { measureReload } from './reload.ts';
import { intoPage, renderMarkdown, renderText, type Report } from './report.ts';
import type { Section } from './result.ts';
import { fullEffort, quickEffort } from './rounds.ts';
import { measureSsh, withoutSsh } from './ssh.ts';
import { measureThroughput } from './throughput.ts';
import { measureShadow } from './shadow.ts';
import { startWorld } from './world.ts';

/** `npm run bench`: the gateway against peers measured in the same run. A target that is missed is said, and fails nothing. */
/** In the order in which they run: decisions and analyses are made in this process, so they come before it has done anything else. */
const sectionNames = [
  'decisions',
  'analysis',
  'throughput',
  'shadow',
  'bulk',
  'reload',
  'idle',
  'catalog',
  'ssh',
] as const;
type SectionName = (typeof sectionNames)[number];
const flags = new Command('bench')
  .description('Measures the gateway against no proxy, a plain TCP pipe and, where it is installed, PgBouncer.')
  .option('--quick', 'under 90 seconds: fewer and shorter rounds')
  .option('--json', 'the result as JSON on standard output')
  .option('--write', 'put the table into docs/reference/performance.md')
  .option('--only <sections>', `some of ${sectionNames.join(',')}`, parseSections, sectionNames)
  .option('--profile <dir>', 'leave a CPU profile of the gateway there; the figures of such a run count for nothing')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run bench -- --quick\n  node scripts/bench/main.ts --only bulk --profile /tmp\n',
  )
  .parse()
  .opts<{
    readonly quick?: true;
    readonly json?: true;
    readonly write?: true;
    readonly only: readonly SectionName[];
    readonly profile?: string;
  }>();

const page = join(import.meta.dirname, '../../docs/reference/performance.md');
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort(new Error('stopped')));
try {
  const report = await measure(stopping.signal);
  process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : renderText(report));
  if (flags.write) await writePage(report);
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}

async function measure(signal: AbortSignal): Promise<Report> {
  const effort = flags.quick ? quickEffort : fullEffort;
  const loadBefore = loadNow();
  const { env } = process;
  const pgbench = findPgbench(env);
  say('starting PostgreSQL, identity provider, gateway and pipe');
  await using world = await startWorld({
    env,
    pgbench,
    bulkRows: effort.bulkRows,
    sessions: effort.idleSessions,
    profileDir: flags.profile === undefined ? undefined : resolve(flags.profile),
  });
  const sections: Section[] = [];
  const skipped: string[] = [];
  for (const name of flags.only) {
    signal.throwIfAborted();
    say(`measuring ${name}`);
    sections.push(...(await measureSection(name)));
  }
  if (world.pgbouncer === undefined && flags.only.includes('throughput'))
    skipped.push('against PgBouncer: not installed (Debian and Ubuntu: package pgbouncer)');
  return {
    command: ['node scripts/bench/main.ts', ...process.argv.slice(2)].join(' '),
    at: new Date().toISOString(),
    machine: describeMachine(loadBefore, world.postgresVersion),
    sections,
    skipped,
  };

  async function measureSection(name: SectionName): Promise<readonly Section[]> {
    switch (name) {
      case 'analysis':
        return [await measureAnalysis(effort, signal)];
      case 'throughput':
        if (pgbench !== undefined) return measureThroughput(world, openPgbench(pgbench, signal), effort, signal);
        skipped.push('short statements: pgbench is not installed (Debian and Ubuntu: package postgresql-15 or newer)');
        return [];
      case 'shadow':
        if (pgbench !== undefined) return [await measureShadow(world, openPgbench(pgbench, signal), effort, signal)];
        skipped.push('a bundle in the shadow: pgbench is not installed');
        return [];
      case 'bulk':
        return [await measureBulk(world, effort, signal)];
      case 'reload':
        return [await measureReload(world, effort, signal)];
      case 'idle':
        return [await measureIdle(world, effort, signal)];
      case 'catalog':
        return [await measureCatalog(effort, signal)];
      case 'decisions':
        return [await measureDecisions(world, effort, signal)];
      case 'ssh':
        skipped.push(...withoutSsh);
        return measureSsh(world, effort, signal);
      default:
        return name satisfies never;
    }
  }
}

async function writePage(report: Report): Promise<void> {
  const written = intoPage(await readFile(page, 'utf8'), renderMarkdown(report));
  await writeFile(page, await format(written, { ...(await resolveConfig(page)), parser: 'markdown' }));
  say('written to docs/reference/performance.md');
}

/** @throws Error naming a section that there is not */
function parseSections(list: string): readonly SectionName[] {
  return list.split(',').map((word) => {
    const name = sectionNames.find((each) => each === word);
    if (name === undefined) throw new Error(`no section ${word}: there are ${sectionNames.join(', ')}`);
    return name;
  });
}

/** Progress goes to standard error: a pipe gets results only. */
function say(what: string): void {
  process.stderr.write(`bench: ${what}\n`);
}
