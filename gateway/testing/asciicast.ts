import { z } from 'zod';

/**
 * asciicast v3 as its own page describes it (docs.asciinema.org/manual/asciicast/v3), written down apart from what writes it: a header, then one
 * event a line, comments aside.
 */
const header = z.strictObject({
  version: z.literal(3),
  term: z.strictObject({
    cols: z.int().min(1),
    rows: z.int().min(1),
    type: z.string().optional(),
    version: z.string().optional(),
    theme: z.looseObject({}).optional(),
  }),
  timestamp: z.int().min(0).optional(),
  idle_time_limit: z.number().min(0).optional(),
  command: z.string().optional(),
  title: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  tags: z.array(z.string()).optional(),
});
const interval = z.number().min(0);
const event = z.union([
  z.tuple([interval, z.enum(['o', 'i', 'm']), z.string()]),
  z.tuple([interval, z.literal('r'), z.string().regex(/^[1-9]\d*x[1-9]\d*$/)]),
  z.tuple([interval, z.literal('x'), z.string().regex(/^\d+$/)]),
]);

export interface Cast {
  readonly header: z.infer<typeof header>;
  readonly events: readonly z.infer<typeof event>[];
  /** All that was printed. */
  readonly output: string;
}

/** @throws where it is no asciicast v3 */
export function parseCast(text: string): Cast {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const [first = '', ...rest] = text.slice(0, -1).split('\n');
  const events = rest.filter((line) => !line.startsWith('#')).map((line) => event.parse(JSON.parse(line)));
  const exits = events.flatMap(([, code], i) => (code === 'x' ? [i] : []));
  if (exits.some((i) => i !== events.length - 1)) throw new Error('something follows the exit');
  const output = events.flatMap(([, code, data]) => (code === 'o' ? [data] : [])).join('');
  return { header: header.parse(JSON.parse(first)), events, output };
}
