import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { metricList, type LabelValues, type MetricName } from './metric-list.ts';

type List = typeof metricList;
type Named<Kind> = { [Name in MetricName]: List[Name]['kind'] extends Kind ? Name : never }[MetricName];

/** The labels of a metric, each with the values that it may have. */
type Labels<Name extends MetricName> = {
  readonly [Label in keyof List[Name]['labels']]: List[Name]['labels'][Label] extends readonly (infer Value)[]
    ? Value
    : string;
};
/** Metrics without labels need no argument for them. */
type LabelArgument<Name extends MetricName> = keyof Labels<Name> extends never ? [] : [labels: Labels<Name>];

/** One series of a counter. Adding is an addition: fit for every command and every chunk. */
export interface Tally {
  add(amount?: number): void;
}

/** One series of a histogram. Values in the unit of its name. */
export interface Watch {
  observe(value: number): void;
}

/** The gateway's metrics. One per process; nothing is registered globally. */
export interface Metrics {
  /** The same labels give the same series. Take it once and keep it where it is hot. */
  counter<Name extends Named<'counter'>>(name: Name, ...labels: LabelArgument<Name>): Tally;
  histogram<Name extends Named<'histogram'>>(name: Name, ...labels: LabelArgument<Name>): Watch;
  /** `read` is called when somebody collects. What it returns undefined for, or throws at, is left out. */
  gauge<Name extends Named<'gauge'>>(name: Name, read: () => number | undefined, ...labels: LabelArgument<Name>): void;
  /** For gauges whose series come and go (`bundle{revision}`): all of them, when somebody collects. */
  gauges<Name extends Named<'gauge'>>(name: Name, read: () => Iterable<readonly [Labels<Name>, number]>): void;
  /** The Prometheus text format. */
  export(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** @param processMetrics Node's own as well: memory, event loop, garbage collection */
export function openMetrics({ processMetrics = true }: { readonly processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry });
  const counters = new Map<string, Map<string, Series>>();
  const histograms = new Map<string, Histogram>();
  const readers = new Map<string, (() => Iterable<readonly [LabelText, number]>)[]>();

  for (const [name, metric] of Object.entries(metricList)) {
    const common = {
      name: `sallyport_${name}`,
      help: metric.help,
      labelNames: Object.keys(metric.labels),
      registers: [registry],
    };
    switch (metric.kind) {
      case 'counter': {
        const series = new Map<string, Series>();
        counters.set(name, series);
        for (const labels of listed(metric.labels)) seriesOf(series, labels);
        new Counter({
          ...common,
          collect() {
            this.reset();
            for (const each of series.values()) this.inc({ ...each.labels }, each.value);
          },
        });
        break;
      }
      case 'gauge': {
        const all: (() => Iterable<readonly [LabelText, number]>)[] = [];
        readers.set(name, all);
        new Gauge({
          ...common,
          collect() {
            this.reset();
            // Without labels, reset leaves a 0 that nobody measured.
            if (common.labelNames.length === 0) this.remove();
            for (const read of all) for (const [labels, value] of readSafely(read)) this.set({ ...labels }, value);
          },
        });
        break;
      }
      case 'histogram':
        histograms.set(name, new Histogram({ ...common, buckets: [...metric.buckets] }));
        break;
      default:
        metric satisfies never;
    }
  }

  return {
    counter: (name, ...[labels]) => seriesOf(counters.get(name) ?? missing(name), textOf(labels)),
    histogram: (name, ...[labels]) => {
      const histogram = histograms.get(name) ?? missing(name);
      return histogram.labels({ ...textOf(labels) });
    },
    gauge: (name, read, ...[labels]) => {
      const text = textOf(labels);
      readers.get(name)?.push(() => {
        const value = read();
        return value === undefined ? [] : [[text, value]];
      });
    },
    gauges: (name, read) => {
      readers.get(name)?.push(function* () {
        for (const [labels, value] of read()) yield [textOf(labels), value];
      });
    },
    export: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

type LabelText = Readonly<Record<string, string>>;

/** A count that is an ordinary number: the library hears of it only when somebody collects. */
class Series implements Tally {
  readonly labels: LabelText;
  value = 0;

  constructor(labels: LabelText) {
    this.labels = labels;
  }

  add(amount = 1): void {
    this.value += amount;
  }
}

function seriesOf(all: Map<string, Series>, labels: LabelText): Series {
  const key = JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
  const known = all.get(key);
  if (known) return known;
  const series = new Series(labels);
  all.set(key, series);
  return series;
}

/** Every combination of the listed values, so that a series is there, at 0, before anything happens. None where a label is free. */
function listed(labels: LabelValues): LabelText[] {
  return Object.entries(labels).reduce<LabelText[]>(
    (all, [name, values]) =>
      values === 'configured' ? [] : all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

/** One room's broken gauge must not take the others' away. */
function readSafely(read: () => Iterable<readonly [LabelText, number]>): readonly (readonly [LabelText, number])[] {
  try {
    return [...read()];
  } catch {
    return [];
  }
}

function textOf(labels: object | undefined): LabelText {
  return Object.fromEntries(Object.entries(labels ?? {}).map(([name, value]) => [name, String(value)]));
}

function missing(name: string): never {
  throw new TypeError(`there is no metric ${name} of this kind`);
}
