import { createHash } from 'node:crypto';
import { z } from 'zod';
import { maskMethods } from '../contract/decision.ts';
import { detectors, namesDetector } from '../contract/detector.ts';
import { namesPattern } from '../contract/pattern.ts';
import { SallyportError } from '../contract/errors.ts';

/** In the place of a column: every column of the relation that no entry names. */
const allColumns = '*';
const columnName = z.string().regex(/^[^.]+\.[^.]+\..+$/, 'schema.relation.column');
const dataSchema = z.object({
  labels: z
    .record(
      z.string(),
      z.strictObject({
        title: z.string().optional(),
        mask: z.enum(maskMethods),
        readers: z.array(z.string()),
        /** Recognises such values by their form: for `labels suggest`. */
        detector: z.enum(detectors).optional(),
        /** Whether those who see it masked may look rows up by one value. Default: no. */
        lookup: z.enum(['equality']).optional(),
        /** How often in one session. Default: the rules'. */
        lookups_per_hour: z.int().min(0).optional(),
      }),
    )
    .default({}),
  columns: z.record(z.string(), z.record(columnName, z.array(z.string()))).default({}),
});
/**
 * What the data says of labels, and of columns by target and then by `schema.relation.column`. No labels at all say that somebody has
 * looked and found the column clean; it then counts as decided.
 */
export type LabelData = z.infer<typeof dataSchema>;

/** Which columns carry which labels, from the bundle's data: labels and rules change together. */
export interface Labels {
  /** Changes when labels or columns do. */
  readonly version: string;
  /** Those with labelled columns. */
  readonly targets: readonly string[];
  /** `schema.relation.column` to labels; never to none. */
  columnsOf(target: string): ReadonlyMap<string, readonly string[]>;
}

const none: ReadonlyMap<string, readonly string[]> = new Map();

/**
 * @param data the bundle's `data.json`
 * @throws SallyportError `bundle-invalid` naming the place; also for a column with a label that is not defined
 */
export function parseLabels(data: Buffer): Labels {
  const { labels, columns } = readLabels(JSON.parse(data.toString('utf8')), 'data.json');
  const labelled = Object.entries(columns).map(([target, named]) => {
    const carrying = Object.entries(named).filter(([, carried]) => carried.length > 0);
    return [target, new Map(carrying)] as const;
  });
  const byTarget = new Map(labelled);
  const version = createHash('sha256').update(JSON.stringify({ labels, columns })).digest('hex').slice(0, 16);
  return { version, targets: [...byTarget.keys()], columnsOf: (target) => byTarget.get(target) ?? none };
}

/**
 * @param where what to call it in an error
 * @throws SallyportError `bundle-invalid`, as `parseLabels`
 */
export function readLabels(data: unknown, where: string): LabelData {
  const read = dataSchema.safeParse(data);
  if (!read.success) throw new SallyportError('bundle-invalid', `${where}: ${z.prettifyError(read.error)}`);
  const { labels, columns } = read.data;
  const taken = Object.keys(labels).find((label) => namesDetector(label) || namesPattern(label));
  if (taken !== undefined)
    throw new SallyportError(
      'bundle-invalid',
      `${where}: ${taken} is what masks call a ${namesPattern(taken) ? 'pattern' : 'detector'}, and no name of a label`,
    );
  for (const [target, named] of Object.entries(columns)) {
    for (const [column, carried] of Object.entries(named)) {
      const wrong = problemOf(column, carried, labels);
      if (wrong !== undefined) throw new SallyportError('bundle-invalid', `${where}: ${target} ${column} ${wrong}`);
    }
  }
  return read.data;
}

/** The relation, as `schema.relation`, when the entry is about all of its columns; undefined for a column. */
export function wholeRelation(entry: string): string | undefined {
  return entry.endsWith(`.${allColumns}`) ? entry.slice(0, -allColumns.length - 1) : undefined;
}

function problemOf(column: string, carried: readonly string[], labels: LabelData['labels']): string | undefined {
  const unknown = carried.find((label) => !Object.hasOwn(labels, label));
  if (unknown !== undefined) return `has the undefined label ${unknown}`;
  // A column is labelled by its name: what looks like a label for all of them would be one for none.
  if (carried.length > 0 && wholeRelation(column) !== undefined) return 'is no column: name each that is labelled';
  return undefined;
}
