import { z } from 'zod';
import {
  columnUses,
  copyFormats,
  functionCategories,
  measureTells,
  postgresEffects,
  type PostgresCommand,
} from '../../contract/command-postgres.ts';
import { commandFrame, proven, strings, type Same } from './frame.ts';

const relation = z.strictObject({
  schema: z.string(),
  name: z.string(),
  kind: z.enum(['table', 'view', 'materialized_view', 'foreign_table', 'sequence', 'index', 'catalog', 'unknown']),
  access: z.enum(['read', 'write']),
  columns: strings,
  labels: strings,
});

const output = z.strictObject({
  name: z.string(),
  sources: strings,
  transform: z.enum(['plain', 'derived', 'expression', 'unknown']),
  labels: strings,
  paths: z
    .array(z.strictObject({ path: z.string(), labels: strings }))
    .readonly()
    .optional(),
});

const filter = z.strictObject({ column: z.string(), use: z.enum(columnUses), labels: strings });

const calledFunction = z.strictObject({
  schema: z.string(),
  name: z.string(),
  categories: z.array(z.enum(functionCategories)).readonly(),
});

const copied = z.strictObject({ column: z.string(), labels: strings, sources: strings });

const measure = z.strictObject({
  what: z.enum(['counter', 'plan']),
  name: z.string(),
  tells: z.enum(measureTells),
});

/** `input.command` of one SQL statement: mirrors `PostgresCommand`. */
export const postgresCommand = z.strictObject({
  ...commandFrame,
  protocol: z.literal('postgres'),
  action: z.enum(postgresEffects),
  effects: z.array(z.enum(postgresEffects)).readonly(),
  kind: z.string(),
  relations: z.array(relation).readonly(),
  output: z.array(output).readonly(),
  filters: z.array(filter).readonly(),
  lookups: z.int().min(0),
  functions: z.array(calledFunction).readonly(),
  copies: z.array(copied).readonly(),
  measures: z.array(measure).readonly(),
  quotes: z.array(z.string()).readonly(),
  unfiltered: z.boolean(),
  limit: z.number().nullable(),
  into: z.string().nullable(),
  copy: z
    .strictObject({
      direction: z.enum(['in', 'out']),
      to: z.enum(['client', 'file', 'program']),
      format: z.enum(copyFormats),
      unmaskable: z.string().nullable(),
    })
    .nullable(),
  set: z
    .array(z.strictObject({ name: z.string(), value: z.string().nullable(), same: z.literal(true).optional() }))
    .readonly(),
  transaction: z.strictObject({ in: z.boolean(), failed: z.boolean() }),
  batch: z.strictObject({ index: z.int().min(0), count: z.int().min(1) }),
  params: z.array(z.string().nullable()).readonly(),
  fingerprint: z.string(),
});

proven<Same<z.infer<typeof postgresCommand>, PostgresCommand>>();
