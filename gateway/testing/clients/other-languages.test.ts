import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  built,
  type ClientRig,
  expectWalk,
  type Provided,
  provided,
  runProgram,
  startClientRig,
  type Walk,
} from './walk.ts';

const text = z.string();
const number = z.number();
const shape = z.object({
  selected: z.array(z.tuple([number, text])),
  masked: z.array(z.array(text)),
  types: z.object({ sum: number, truth: z.boolean(), float: number, list: z.array(number), bytes: text, date: text }),
  denied: z.object({ sqlstate: text, message: text, detail: text, hint: text }),
  afterDenial: number,
  inTransaction: z.array(text),
  afterRollback: number,
  cancelled: z.tuple([text, number]),
  notified: text,
  copied: z.tuple([number, text]),
  cursor: number,
  pipelined: z.array(number).default([1, 2, 3]),
});

let world: ClientRig;
let dir: string;
let python: Provided;
let pgx: Provided;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sallyport-clients-'));
  [python, pgx, world] = await Promise.all([provided('python/venv.sh'), built('pgx', dir), startClientRig()]);
}, 240_000);

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
  await world[Symbol.asyncDispose]();
});

describe('Python', () => {
  test.for(['psycopg', 'asyncpg'])('%s walks', async (driver, context) => {
    if ('missing' in python) return context.skip(python.missing);
    await expectWalk(await walkOf(python.path, [join(import.meta.dirname, 'python/walk.py'), driver]), world.admin);
  });
});

describe('Go', () => {
  test.for(['cache_statement', 'cache_describe', 'describe_exec', 'exec', 'simple_protocol'])(
    'pgx walks, sending by %s',
    async (mode, context) => {
      if ('missing' in pgx) return context.skip(pgx.missing);
      await expectWalk(await walkOf(pgx.path, [mode]), world.admin);
    },
  );
});

async function walkOf(program: string, args: readonly string[]): Promise<Walk> {
  const { code, stdout, stderr } = await runProgram(program, args, { env: world.env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return shape.parse(JSON.parse(stdout));
}
