import type { Command } from 'commander';
import type { ShadowReportView } from '../api/views.ts';
import { connect, connectionHelp, valueOf, withConnection, type ConnectionOptions } from './connection.ts';
import { print, printable, printJson } from './output.ts';
import { parseCount } from './times.ts';

interface ReportOptions extends ConnectionOptions {
  readonly limit: number;
}

const examples = `${connectionHelp}
Examples:
  sallyport policy shadow report
  sallyport policy shadow report --json --limit 1000
`;

export function addPolicyShadow(policy: Command): void {
  const shadow = policy
    .command('shadow')
    .description('a second bundle that judges without effect (policy.shadow in the configuration)')
    .addHelpText('after', examples);
  withConnection(shadow.command('report').description('what it would have decided otherwise'))
    .option('--limit <n>', 'at most so many groups, the most frequent first', parseCount(1_000), 20)
    .addHelpText('after', examples)
    .action(report);
}

async function report(options: ReportOptions): Promise<void> {
  const found = valueOf(await (await connect(options)).policy.shadow(options.limit));
  if (options.json) return printJson(found);
  print([...head(found), ...found.counts.groups.flatMap(group), ...foot(found)].join('\n'));
}

function head({
  state,
  revision,
  against,
  refused,
  stopped,
  labels_differ,
  label_changes,
  counts,
}: ShadowReportView): readonly string[] {
  const { outcomes, since, seconds, failure } = counts;
  const { same, reworded, tightened, loosened, mixed, failed, dropped } = outcomes;
  const judged = same + reworded + tightened + loosened + mixed + failed;
  const each = judged === 0 ? '' : `, ${((seconds * 1e6) / judged).toFixed(0)} us each`;
  const lines: readonly (readonly [string, string])[] = [
    ['shadow', revision === '' ? `${state}: there is no bundle yet` : `${revision} (${state})`],
    ['in force', against],
    ['since', since],
    [
      'judged',
      `${judged} commands in ${seconds.toFixed(3)} s${each}; ${dropped} were not judged, to keep out of the way`,
    ],
    ['same', String(same)],
    ['loosened', `${loosened}${mixed === 0 ? '' : `, and ${mixed} both loosened and tightened`}`],
    ['tightened', String(tightened)],
    ['reworded', String(reworded)],
    ['failed', failure === '' ? String(failed) : `${failed}, the last: ${failure}`],
    ...(refused === '' ? [] : ([['refused', refused]] as const)),
    ...(stopped === '' ? [] : ([['stopped', stopped]] as const)),
    ...(labels_differ ? ([['labels', labelsNote]] as const) : []),
    ...label_changes.map(
      ({ target, column, from, to }) => ['', `${target} ${column}: ${listed(from)} -> ${listed(to)}`] as const,
    ),
  ];
  return lines.map(([name, value]) => `${name.padEnd(10)} ${printable(value)}`);
}

const labelsNote = 'differ: facts carry those of the bundle in force, so what these would change is in no count';

function listed(labels: readonly string[]): string {
  return labels.length === 0 ? 'none' : labels.join(', ');
}

function group(found: ShadowReportView['counts']['groups'][number]): readonly string[] {
  const { change, count, principal, target, rules, fingerprint, loosened, tightened, last, examples: some } = found;
  const what = [...loosened, ...tightened].join(', ');
  return [
    '',
    printable(`${count} x ${change}${what === '' ? '' : `: ${what}`} [${rules.join(', ')}]`),
    `  ${printable(`${principal} on ${target}, ${fingerprint}, last ${last}`)}`,
    ...some.map(({ request, text }) => `    ${printable(`${request} ${text}`)}`),
  ];
}

function foot({ counts }: ShadowReportView): readonly string[] {
  return counts.ungrouped === 0 ? [] : ['', `${counts.ungrouped} more differ and are in none of these groups`];
}
