import { metricList, type Metric } from '../../gateway/telemetry/metric-list.ts';
import { code, generatedNote, table } from './markdown.ts';
import { isUsed } from './source-files.ts';

const definition = 'gateway/telemetry/';
const headings = ['metric', 'kind', 'labels', 'meaning'];

/** @param prefix what every name begins with on the wire */
export function metricsPage(prefix: string): string {
  const metrics: readonly (readonly [string, Metric])[] = Object.entries(metricList);
  const row = ([name, metric]: readonly [string, Metric]): readonly string[] => [
    code(`${prefix}${name}`),
    metric.kind,
    labelsOf(metric),
    metric.help,
  ];
  const fed = metrics.filter(([name]) => isUsed(name, definition));
  const unfed = metrics.filter((metric) => !fed.includes(metric));
  return `${generatedNote}
# Metrics

\`GET /metrics\` on the admin listener, in the Prometheus text format, open to whoever reaches the port. A principal, a statement or a
request is never a label, so nobody can make series without end. *configured* labels take their values from the configuration.

${table(headings, fed.map(row))}
${unfed.length === 0 ? '' : planned(unfed.map(row))}`;
}

function planned(rows: readonly (readonly string[])[]): string {
  return `
## Not measured yet

These have a name and no value: nothing in the gateway counts them so far.

${table(headings, rows)}
`;
}

function labelsOf({ labels }: Metric): string {
  return Object.entries(labels)
    .map(([name, values]) => `${code(name)}: ${typeof values === 'string' ? `*${values}*` : values.join(', ')}`)
    .join('; ');
}
