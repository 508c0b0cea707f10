import { createHash } from 'node:crypto';
import { z } from 'zod';
import { maskMethods } from '../contract/decision.ts';
import { SallyportError } from '../contract/errors.ts';

const columnName = z.string().regex(/^[^.]+\.[^.]+\..+$/, 'schema.relation.column');
const dataSchema = z.object({
  labels: z
    .record(
      z.string(),
      z.strictObject({ title: z.string().optional(), mask: z.enum(maskMethods), readers: z.array(z.string()) }),
    )
    .default({}),
  columns: z.record(z.string(), z.record(columnName, z.array(z.string()).min(1))).default({}),
});

/** Which columns carry which labels, from the bundle's data: labels and rules change together. */
export interface Labels {
  /** Changes when labels or columns do. */
  readonly version: string;
  /** `schema.relation.column` to labels. */
  columnsOf(target: string): ReadonlyMap<string, readonly string[]>;
}

const none: ReadonlyMap<string, readonly string[]> = new Map();

/**
 * @param data the bundle's `data.json`
 * @throws SallyportError `bundle-invalid` naming the place; also for a column with a label that is not defined
 */
export function parseLabels(data: Buffer): Labels {
  const read = dataSchema.safeParse(JSON.parse(data.toString('utf8')));
  if (!read.success) throw new SallyportError('bundle-invalid', `data.json: ${z.prettifyError(read.error)}`);
  const { labels, columns } = read.data;
  for (const [target, named] of Object.entries(columns)) {
    for (const [column, carried] of Object.entries(named)) {
      const unknown = carried.find((label) => !Object.hasOwn(labels, label));
      if (unknown === undefined) continue;
      throw new SallyportError('bundle-invalid', `data.json: ${target} ${column} has the undefined label ${unknown}`);
    }
  }
  const byTarget = new Map(Object.entries(columns).map(([target, named]) => [target, new Map(Object.entries(named))]));
  const version = createHash('sha256').update(JSON.stringify({ labels, columns })).digest('hex').slice(0, 16);
  return { version, columnsOf: (target) => byTarget.get(target) ?? none };
}
