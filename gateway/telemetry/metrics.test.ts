import { expect, test } from 'vitest';
import { metricList } from './metric-list.ts';
import { openMetrics } from './metrics.ts';

const open = () => openMetrics({ processMetrics: false });

async function lines(metrics: ReturnType<typeof openMetrics>, name: string): Promise<string[]> {
  const { text } = await metrics.export();
  return text.split('\n').filter((line) => line.startsWith(`sallyport_${name}`));
}

test('every metric has its help and type, and every listed series is there before anything happens', async () => {
  const { text, contentType } = await open().export();
  expect(contentType).toContain('text/plain');
  for (const [name, { kind, help }] of Object.entries(metricList)) {
    expect(text).toContain(`# HELP sallyport_${name} ${help}\n# TYPE sallyport_${name} ${kind}\n`);
  }
  expect(text).toContain('sallyport_commands_total{protocol="postgres",effect="deny"} 0\n');
  expect(text).toContain('sallyport_audit_failures_total 0\n');
});

test('names are as Prometheus wants them: counters end in _total, and nothing else does', () => {
  for (const [name, { kind }] of Object.entries(metricList)) {
    expect(name).toMatch(/^[a-z][a-z_]*[a-z]$/);
    expect(name.endsWith('_total')).toBe(kind === 'counter');
  }
});

test('a counter adds up, whoever asked for it and in whatever order its labels were named', async () => {
  const metrics = open();
  metrics.counter('commands_total', { protocol: 'postgres', effect: 'allow' }).add();
  metrics.counter('commands_total', { effect: 'allow', protocol: 'postgres' }).add(2);
  metrics.counter('audit_failures_total').add();
  expect(await lines(metrics, 'commands_total{protocol="postgres",effect="allow"}')).toEqual([
    'sallyport_commands_total{protocol="postgres",effect="allow"} 3',
  ]);
  expect(await lines(metrics, 'audit_failures_total')).toEqual(['sallyport_audit_failures_total 1']);
  // Collecting takes nothing away.
  expect(await lines(metrics, 'audit_failures_total')).toEqual(['sallyport_audit_failures_total 1']);
});

test('a gauge is read when it is collected', async () => {
  const metrics = open();
  let holds = 1;
  metrics.gauge('holds', () => holds);
  expect(await lines(metrics, 'holds')).toContain('sallyport_holds 1');
  holds = 2;
  expect(await lines(metrics, 'holds')).toContain('sallyport_holds 2');
});

test('a revision that is no longer in force is no longer shown', async () => {
  const metrics = open();
  let revision = 'r1';
  metrics.gauges('bundle', () => [[{ revision }, 1]]);
  expect(await lines(metrics, 'bundle{')).toEqual(['sallyport_bundle{revision="r1"} 1']);
  revision = 'r2';
  expect(await lines(metrics, 'bundle{')).toEqual(['sallyport_bundle{revision="r2"} 1']);
});

test('a gauge that nobody reads, knows nothing or throws is left out, and the others are not', async () => {
  const metrics = open();
  metrics.gauge('catalog_age_seconds', () => undefined, { target: 'crm' });
  metrics.gauge('audit_tree_size', () => {
    throw new Error('no log');
  });
  metrics.gauge('sessions', () => 7, { protocol: 'postgres' });
  expect(await lines(metrics, 'catalog_age_seconds')).toEqual([]);
  expect(await lines(metrics, 'audit_tree_size')).toEqual([]);
  expect(await lines(metrics, 'recorder_queue_bytes')).toEqual([]);
  expect(await lines(metrics, 'sessions')).toEqual(['sallyport_sessions{protocol="postgres"} 7']);
});

test('a histogram counts by its buckets', async () => {
  const metrics = open();
  metrics.histogram('hold_seconds').observe(20);
  expect(await lines(metrics, 'hold_seconds')).toEqual(
    expect.arrayContaining([
      'sallyport_hold_seconds_bucket{le="15"} 0',
      'sallyport_hold_seconds_bucket{le="60"} 1',
      'sallyport_hold_seconds_count 1',
    ]),
  );
});

test('two gateways in one process share nothing', async () => {
  const [one, other] = [openMetrics(), openMetrics()];
  one.counter('bundle_refused_total').add(5);
  expect(await lines(other, 'bundle_refused_total')).toEqual(['sallyport_bundle_refused_total 0']);
  expect((await other.export()).text).toContain('process_resident_memory_bytes');
});

test('the compiler knows names, labels and their values', () => {
  const metrics = open();
  // @ts-expect-error no such metric
  expect(() => metrics.counter('commands')).toThrow(TypeError);
  // @ts-expect-error no such label value
  metrics.counter('logins_total', { outcome: 'ana' });
  // @ts-expect-error labels are missing
  metrics.counter('logins_total');
  // @ts-expect-error a gauge is no counter
  expect(() => metrics.counter('holds')).toThrow(TypeError);
});
