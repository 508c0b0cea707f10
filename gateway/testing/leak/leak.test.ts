import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { disguiseStatement, sides } from './canary.ts';
import { debianBinaries } from '../postgres-binaries.ts';
import { startPostgres15, type PostgresOptions, type TestPostgres } from '../postgres.ts';
import { classNames, classOf } from './classes.ts';
import { ways } from './conversation.ts';
import { countDirectLeaks, runHonestLines, runLeakCorpus, scanWritten, type LeakRun } from './corpus.ts';
import { benignLines, leakLines } from './lines.ts';
import { scan, scanColumns } from './scan.ts';
import { roles, startLeakWorld, type LeakWorld } from './world.ts';

const lines = leakLines();
let world: LeakWorld;
beforeAll(async () => {
  world = await startLeakWorld();
}, 120_000);
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

describe('the leak corpus, through the gateway, with two real servers that differ only in their labelled values', () => {
  // Every line as either role, and the ways in turn; `npm run corpus` goes all of them.
  test.each(roles)(
    'nothing labelled reaches the client as %s, and nothing tells the databases apart',
    async (role) => {
      const shift = roles.indexOf(role) * 2;
      const runs: LeakRun[] = [];
      for (const [i, way] of ways.entries()) {
        const share = lines.filter((_, at) => (at + shift) % ways.length === i);
        runs.push(...(await runLeakCorpus(world, share, { roles: [role], ways: [way] })));
      }
      expect(runs).toHaveLength(lines.length);
      expect(runs.filter(({ leaks }) => leaks.length > 0)).toEqual([]);
      // Every answer could be compared.
      expect(runs.filter(({ unsteady }) => unsteady).map(({ id }) => id)).toEqual([]);
    },
    300_000,
  );

  test('honest statements run', async () => {
    const runs = await runHonestLines(world, benignLines());
    expect(runs.filter(({ outcome }) => outcome === 'denied' || outcome === 'failed')).toEqual([]);
    expect(runs.filter(({ outcome }) => outcome === 'masked').map(({ id }) => id)).toEqual(['B31']);
  }, 120_000);

  test('without the gateway the same statements bring the values out, and the scan sees it', async () => {
    expect(await countDirectLeaks(world, lines)).toBeGreaterThanOrEqual(110);
  }, 120_000);

  test('nothing labelled is in any file, log or metric of the gateway', async () => {
    const { files, leaks } = await scanWritten(world, lines);
    expect(files).toBeGreaterThan(lines.length);
    expect(leaks).toEqual([]);
  }, 120_000);
});

// Debian's own packages are the oldest PostgreSQL that the gateway reads; where they are not installed nothing can be asked.
test.skipIf(!debianBinaries(15))(
  'PostgreSQL 15 lets nothing labelled out either',
  async () => {
    const start = async (options: PostgresOptions): Promise<TestPostgres> => {
      const server = await startPostgres15(options);
      if (!server) throw new Error('PostgreSQL 15 was there a moment ago');
      return server;
    };
    await using older = await startLeakWorld({ start });
    const runs: LeakRun[] = [];
    for (const [i, way] of ways.entries()) {
      const share = lines.filter((_, at) => at % ways.length === i);
      runs.push(...(await runLeakCorpus(older, share, { roles: ['postgres'], ways: [way] })));
    }
    expect(runs).toHaveLength(lines.length);
    expect(runs.filter(({ leaks, unsteady }) => leaks.length > 0 || unsteady)).toEqual([]);
  },
  120_000,
);

test('where policy lets values be looked up, the corpus gets out which rows have one, and nothing else', async () => {
  await using open = await startLeakWorld({ lengths: 'same', lookups: true });
  const runs: LeakRun[] = [];
  for (const [i, way] of ways.entries()) {
    const share = lines.filter((_, at) => at % ways.length === i);
    runs.push(...(await runLeakCorpus(open, share, { roles: ['postgres'], ways: [way] })));
  }
  expect(runs.filter(({ unsteady }) => unsteady)).toEqual([]);
  const told = runs.filter(({ leaks }) => leaks.length > 0).map(({ id }) => id);
  expect(told).toEqual(['L169']);
  // Asked with its own value each database says the same.
  const own = await runLeakCorpus(
    open,
    lines.filter(({ id }) => told.includes(id)),
    { own: true },
  );
  expect(own.filter(({ leaks }) => leaks.length > 0)).toEqual([]);
  expect(new Set(own.map(({ outcome }) => outcome))).toEqual(new Set(['allowed']));
}, 600_000);

describe('the scan finds a canary', () => {
  const canary = (): string => world.canaries.b.texts[1] ?? '';
  const bytes = (): Buffer => Buffer.from(canary());
  const text = (of: () => string) => of;
  test.each([
    ['as it is', text(() => canary())],
    ['in a piece of four characters', text(() => `x ${Array.from(canary()).slice(3, 7).join('')} y`)],
    ['in capitals', text(() => canary().toUpperCase())],
    ['in small letters', text(() => canary().toLowerCase())],
    ['backwards', text(() => Array.from(canary()).reverse().join(''))],
    ['in hex', text(() => `\\x61${bytes().toString('hex')}00`)],
    ['in hex with spaces', text(() => (bytes().toString('hex').match(/../g) ?? []).join(' '))],
    ['in base64', text(() => bytes().toString('base64'))],
    ['in the middle of base64', text(() => Buffer.concat([Buffer.from('four!'), bytes()]).toString('base64'))],
    ['in base64 of a URL', text(() => `?q=${bytes().toString('base64url')}`)],
    ['in the escapes of a URL', text(() => encodeURIComponent(canary()))],
    [
      'in octal escapes',
      text(() => [...bytes()].map((b) => (b < 128 ? String.fromCharCode(b) : `\\${b.toString(8)}`)).join('')),
    ],
    [
      'in escapes of JSON',
      text(() =>
        Array.from(canary())
          .map((c) => `\\u${c.charCodeAt(0).toString(16)}`)
          .join(''),
      ),
    ],
    [
      'in entities of XML',
      text(() =>
        Array.from(canary())
          .map((c) => `&#${String(c.charCodeAt(0))};`)
          .join(''),
      ),
    ],
    ['in its MD5', text(() => hash('md5', canary(), 'hex'))],
    ['in its SHA-256 in base64', text(() => hash('sha256', canary(), 'base64'))],
    ['as a number', text(() => world.canaries.b.numbers[0] ?? '')],
    ['in half of a number', text(() => `(${(world.canaries.b.numbers[0] ?? '').slice(3, 11)})`)],
    ['as money', text(() => (world.canaries.b.numbers[0] ?? '').replace(/(\d)(?=(\d{3})+\.)/g, '$1,'))],
  ])('%s', (_, made) => {
    expect(scan(Buffer.from(made()), 'b', world.canaries.b)).not.toEqual([]);
    // The other side's are others.
    expect(scan(Buffer.from(made()), 'a', world.canaries.a)).toEqual([]);
  });

  test('letter by letter in the rows of a column, as text or as numbers', () => {
    const rows = Array.from(canary());
    const found = (columns: readonly string[]) => scanColumns([columns], 'b', world.canaries.b);
    expect(found(rows)).not.toEqual([]);
    expect(found(rows.map((c) => String(c.codePointAt(0))))).not.toEqual([]);
    expect(found([...bytes()].map(String))).not.toEqual([]);
  });

  test('but not in the digits of a digest, where any may stand', () => {
    const piece = (world.canaries.b.numbers[0] ?? '').slice(0, 8);
    const digest = hash('sha256', 'x').replace(/^.{8}/, piece);
    expect(scan(Buffer.from(`{"digest":"${digest}"}`), 'b', world.canaries.b)).toEqual([]);
  });

  test('but not what the client typed itself', () => {
    expect(scan(bytes(), 'b', world.canaries.b, `select '${canary()}'`)).toEqual([]);
  });
});

test('the two databases have no value in common', () => {
  const [a, b] = sides.map((side) => new Set([...world.canaries[side].texts, ...world.canaries[side].numbers]));
  expect([...(a ?? [])].filter((value) => b?.has(value))).toEqual([]);
  expect(a?.size).toBeGreaterThan(25);
});

test('a guess in a statement is right on side A', () => {
  const statement = disguiseStatement(`SELECT id FROM customers WHERE ssn = '078-05-1120' OR card_number LIKE '4111%'`);
  const [, ssn = '', prefix = ''] = /= '(.*?)' .* '(.*?)%'/.exec(statement) ?? [];
  expect(world.canaries.a.texts).toContain(ssn);
  expect(world.canaries.a.texts.some((value) => value.startsWith(prefix))).toBe(true);
});

test('every line belongs to a class', () => {
  expect(new Set(lines.map(({ id }) => classOf(id)))).toEqual(new Set(classNames));
});
