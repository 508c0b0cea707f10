import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

/**
 * A checker that cannot fail proves nothing. Each row is one file that breaks one rule; all are linted at once in an
 * empty house with the project's own configuration, and each must be reported for exactly what it breaks.
 */
const root = join(import.meta.dirname, '..');

const walls: readonly (readonly [file: string, source: string, rule: string, says: string])[] = [
  [
    'gateway/contract/seed.ts',
    `import { x } from '../facts/x.ts';`,
    'no-restricted-imports',
    'imports nothing of ours',
  ],
  [
    'gateway/contract/seed-type.ts',
    `import type { x } from '../facts/x.ts';`,
    'no-restricted-imports',
    'imports nothing',
  ],
  ['gateway/contract/seed-io.ts', `import { x } from 'node:fs';`, 'no-restricted-imports', 'does no I/O'],
  ['gateway/facts/seed.ts', `import { x } from '../policy/x.ts';`, 'no-restricted-imports', 'facts/ is pure'],
  ['gateway/facts/sql/seed.ts', `import { x } from '../../enforce/x.ts';`, 'no-restricted-imports', 'facts/ is pure'],
  ['gateway/facts/sql/seed-io.ts', `import { x } from 'net';`, 'no-restricted-imports', 'does no I/O'],
  ['gateway/policy/seed.ts', `import { x } from '../protocols/postgres/x.ts';`, 'no-restricted-imports', 'policy/'],
  ['gateway/enforce/seed.ts', `import { x } from '../audit/x.ts';`, 'no-restricted-imports', 'through a port'],
  ['gateway/enforce/seed-io.ts', `import { x } from 'node:fs/promises';`, 'no-restricted-imports', 'does no I/O'],
  [
    'gateway/protocols/postgres/seed.ts',
    `import { x } from '../../policy/x.ts';`,
    'no-restricted-imports',
    'A protocol',
  ],
  ['gateway/protocols/postgres/a.ts', `import { x } from '../../enforce/x.ts';`, 'no-restricted-imports', 'A protocol'],
  ['gateway/protocols/postgres/b.ts', `import { x } from '../../store/x.ts';`, 'no-restricted-imports', 'A protocol'],
  ['gateway/protocols/postgres/c.ts', `import { x } from '../http/x.ts';`, 'no-restricted-imports', 'another protocol'],
  ['gateway/protocols/postgres/d.ts', `export { x } from '../../policy/x.ts';`, 'no-restricted-imports', 'A protocol'],
  ['gateway/store/seed.ts', `import { x } from '../audit/x.ts';`, 'no-restricted-imports', 'store/'],
  ['gateway/audit/seed.ts', `import { x } from '../recordings/x.ts';`, 'no-restricted-imports', 'audit/'],
  ['gateway/audit/seed-sql.ts', `import { x } from 'node:sqlite';`, 'no-restricted-imports', 'Only store/ speaks SQL'],
  ['gateway/recordings/seed.ts', `import { x } from '../policy/x.ts';`, 'no-restricted-imports', 'recordings/'],
  ['gateway/approvals/seed.ts', `import { x } from '../api/x.ts';`, 'no-restricted-imports', 'approvals/'],
  ['gateway/credentials/seed.ts', `import { x } from '../config/x.ts';`, 'no-restricted-imports', 'credentials/'],
  ['gateway/identity/seed.ts', `import { x } from '../config/x.ts';`, 'no-restricted-imports', 'identity/'],
  ['gateway/listen/seed.ts', `import { x } from '../protocols/x.ts';`, 'no-restricted-imports', 'listen/'],
  ['gateway/decision-log/seed.ts', `import { x } from '../policy/x.ts';`, 'no-restricted-imports', 'decision-log/'],
  ['gateway/notify/seed.ts', `import { x } from '../audit/x.ts';`, 'no-restricted-imports', 'notify/'],
  ['gateway/telemetry/seed.ts', `import { x } from '../audit/x.ts';`, 'no-restricted-imports', 'telemetry/'],
  ['gateway/config/seed.ts', `import { x } from '../policy/x.ts';`, 'no-restricted-imports', 'config/'],
  ['gateway/api/seed.ts', `import { x } from '../protocols/postgres/x.ts';`, 'no-restricted-imports', 'api/'],
  ['gateway/console/seed.ts', `import { x } from '../api/x.ts';`, 'no-restricted-imports', 'console/'],
  ['gateway/connector/seed.ts', `import { x } from '../policy/x.ts';`, 'no-restricted-imports', 'connector/'],
  ['gateway/composition/seed.ts', `import { x } from '../cli/x.ts';`, 'no-restricted-imports', 'composition/'],
  ['gateway/audit/seed-composition.ts', `import { x } from '../composition/x.ts';`, 'no-restricted-imports', 'audit/'],
  ['gateway/audit/seed-main.ts', `import { x } from '../main.ts';`, 'no-restricted-imports', 'composition root'],
  ['gateway/audit/seed-testing.ts', `import { x } from '../testing/x.ts';`, 'no-restricted-imports', 'for tests'],
  ['gateway/cli/seed.ts', `import { x } from '../testing/x.ts';`, 'no-restricted-imports', 'for tests'],
  [
    'gateway/protocols/postgres/mint.ts',
    `import { mintPermit } from '../../contract/permit.ts';`,
    'no-restricted-imports',
    'Only enforce/',
  ],
  [
    'gateway/cli/mint.ts',
    `import { mintPermit } from '../contract/permit.ts';`,
    'no-restricted-imports',
    'Only enforce/',
  ],
  [
    'scripts/mint.ts',
    `import { mintPermit } from '../gateway/contract/permit.ts';`,
    'no-restricted-imports',
    'Only enforce/',
  ],
  ['gateway/audit/loop.ts', `import { y } from './pool.ts'; export const x = y;`, 'import(no-cycle)', ''],
  [
    'gateway/audit/pool.ts',
    `import type { x } from './loop.ts'; export const y = 1; export type X = typeof x;`,
    'import(no-cycle)',
    '',
  ],
  ['gateway/audit/env.ts', `export const x = process.env['HOME'];`, 'no-process-env', ''],
  ['gateway/audit/any.ts', `export const x = (y: any): void => void y;`, 'no-explicit-any', ''],
  [
    'gateway/audit/float.ts',
    `const f = async (): Promise<void> => {}; export const x = (): void => { f(); };`,
    'no-floating-promises',
    '',
  ],
  [
    'gateway/audit/misuse.ts',
    `export const x = async (): Promise<void> => {}; if (x()) throw new Error();`,
    'no-misused-promises',
    '',
  ],
  [
    'gateway/audit/switch.ts',
    `export const x = (a: 'b' | 'c'): number => { let n = 0; switch (a) { case 'b': n = 1; } return n; };`,
    'switch-exhaustiveness-check',
    '',
  ],
  ['gateway/audit/print.ts', `console.log('x');`, 'no-console', ''],
  ['gateway/audit/throw.ts', `export const x = (): never => { throw 'x'; };`, 'only-throw-error', ''],
  ['gateway/audit/CamelCase.ts', `export const x = 1;`, 'filename-case', ''],
  ['gateway/audit/long.ts', 'export {};\n'.repeat(401), 'max-lines', ''],
  ['gateway/audit/only.test.ts', `import { test } from 'vitest'; test.only('x', () => {});`, 'no-focused-tests', ''],
];

/** What the walls let through: a lint that reports everything would pass the rows above too. */
const doors: readonly (readonly [file: string, source: string])[] = [
  ['gateway/enforce/door.ts', `import { mintPermit } from '../contract/permit.ts'; export const x = mintPermit;`],
  ['gateway/protocols/postgres/door.ts', `import { x } from '../../facts/x.ts'; export const y = x;`],
  ['gateway/audit/door.ts', `import { x } from '../store/x.ts'; export const y = x;`],
  ['gateway/store/door.ts', `import { x } from 'node:sqlite'; export const y = x;`],
  ['gateway/main.ts', `import { x } from './policy/x.ts'; export const y = x;`],
  ['gateway/cli/door.ts', `import { x } from '../main.ts'; export const y = x;`],
  ['gateway/config/door.ts', `export const x = process.env['HOME'];`],
];

const Report = z.object({
  diagnostics: z.array(
    z.object({ code: z.string().default(''), message: z.string(), help: z.string().nullish(), filename: z.string() }),
  ),
});
let reported: readonly { readonly file: string; readonly text: string }[] = [];
let house = '';

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'walls-'));
  await cp(join(root, '.oxlintrc.json'), join(house, '.oxlintrc.json'));
  await cp(join(root, 'tsconfig.json'), join(house, 'tsconfig.json'));
  await writeFile(join(house, 'package.json'), '{"type":"module"}');
  await symlink(join(root, 'node_modules'), join(house, 'node_modules'));
  for (const [file, source] of [...walls, ...doors]) {
    await mkdir(join(house, dirname(file)), { recursive: true });
    await writeFile(join(house, file), source);
  }
  const out = await oxlint(house);
  reported = Report.parse(JSON.parse(out)).diagnostics.map((d) => ({
    file: d.filename.replaceAll('\\', '/'),
    text: `${d.code} ${d.message} ${d.help ?? ''}`,
  }));
});
afterAll(() => rm(house, { recursive: true, force: true }));

describe('the linter sees', () => {
  test.each(walls)('%s: %s', (file, _source, rule, says) => {
    const about = reported.filter((r) => r.file === file && r.text.includes(rule));
    expect(about.map((r) => r.text).join('\n')).toContain(says);
    expect(about).not.toEqual([]);
  });
  test.each(doors)('nothing wrong with %s', (file) => {
    expect(reported.filter((r) => r.file === file && r.text.includes('restricted-imports'))).toEqual([]);
    expect(reported.filter((r) => r.file === file && r.text.includes('process-env'))).toEqual([]);
  });
});

describe('the house', () => {
  test('has no room or file whose name says nothing', async () => {
    const empty = /^(utils?|common|helpers?|services?|managers?|data|info|misc)(\.[a-z.]+)?$/;
    const named = await sources('gateway', 'scripts');
    const parts = named.flatMap((f) => [...dirname(f).split('/'), basename(f)]);
    expect(parts.length).toBeGreaterThan(10);
    // OPA reads data from files of that name and no other.
    expect(parts.filter((p) => empty.test(p) && !/^data\.(yaml|json)(\.template)?$/.test(p))).toEqual([]);
  });
  test('waits for what comes by `settled`, and lets time pass only where it says why', async () => {
    const found: string[] = [];
    for (const file of await sources('gateway', 'scripts', 'policy-tests')) {
      const waits = file.endsWith('.test.ts') || /^gateway\/testing\/.*\.ts$/.test(file);
      if (!waits || file === 'scripts/walls.test.ts') continue;
      for (const wait of impatient(await readFile(join(root, file), 'utf8'))) found.push(`${file}: ${wait}`);
    }
    expect(found).toEqual([]);
  });

  test.each([
    ['await vi.waitFor(() => expect(x).toBe(1));', 1],
    ['await vi.waitFor(() => expect(f(x)).toBe(1), { timeout: 5_000 });', 1],
    ['await vi.waitUntil(\n  () => x,\n  5_000,\n);', 1],
    ['await expect.poll(() => x).toBe(1);', 1],
    ['await vi.waitUntil(\n  async () => (await f()) === ")",\n  settled,\n);', 0],
    ['await expect.poll(() => x, settled).toBe(1);', 0],
    ["await vi.waitFor(() => {\n  // It isn’t, it isn't.\n  f();\n}, settled);", 0],
    ['await sleep(500);', 1],
    ['await new Promise((resolve) => setTimeout(resolve, 500));', 1],
    ['while (!(await f())) await sleep(20);', 0],
    ['for (;;) {\n  if (x) return;\n  await sleep(20);\n}', 0],
    ['const f = () => {\n  for (;;) {\n    g();\n  }\n  await sleep(20);\n};', 1],
    ['// Time passes: nothing may come.\nawait sleep(500);', 0],
  ])('of %j it sees %d', (source, count) => {
    expect(impatient(source)).toHaveLength(count);
  });

  test('has no import computed at run time between rooms, which no lint rule would see', async () => {
    const found: string[] = [];
    for (const file of await sources('gateway')) {
      if (file.endsWith('.test.ts') || file.startsWith('gateway/cli/')) continue;
      if (/\bimport\(\s*['"`]\.\.\//.test(await readFile(join(root, file), 'utf8'))) found.push(file);
    }
    expect(found).toEqual([]);
  });
});

/** oxlint exits 1 when it reports: its output is what counts. */
function oxlint(cwd: string): Promise<string> {
  const bin = join(root, 'node_modules/oxlint/bin/oxlint');
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [bin, '--type-aware', '--format', 'json'],
      { cwd, maxBuffer: 1 << 24 },
      (error, stdout) => {
        if (stdout === '') reject(error ?? new Error('oxlint said nothing'));
        else resolve(stdout);
      },
    );
  });
}

async function sources(...dirs: readonly string[]): Promise<readonly string[]> {
  const lists = await Promise.all(
    dirs.map(async (dir) => {
      const entries = await readdir(join(root, dir), { recursive: true, withFileTypes: true });
      return entries.filter((e) => e.isFile()).map((e) => relative(root, join(e.parentPath, e.name)));
    }),
  );
  return lists.flat().map((f) => f.replaceAll('\\', '/'));
}

/**
 * Waits that end while what they wait for may still come, on a busy machine: those of vitest with another end than `settled`, and fixed times but for
 * the steps of a loop. Where time has to pass because nothing is to come, the line above says so: `// Time passes: ...`.
 */
function impatient(source: string): readonly string[] {
  const polls = [...source.matchAll(/\b(?:vi\.wait(?:For|Until)|expect\.poll)\(/g)].flatMap(({ index, 0: call }) => {
    const written = argumentsAt(source, index + call.length);
    return /,\s*settled,?\s*$/.test(written) ? [] : [`${call}${written})`];
  });
  const lines = source.split('\n');
  const pauses = lines.filter(
    (line, i) =>
      /await (?:sleep\(|new Promise.*setTimeout\()/.test(line) &&
      !line.includes('while (') &&
      !(lines[i - 1] ?? '').includes('// Time passes: ') &&
      !isInLoop(lines, i),
  );
  return [...polls, ...pauses.map((line) => line.trim())];
}

/** By its indentation, as the formatter leaves it: inside of a loop of the same function. */
function isInLoop(lines: readonly string[], at: number): boolean {
  let depth = indentation(lines[at]);
  for (let i = at - 1; i >= 0 && depth > 0; i--) {
    const line = lines[i] ?? '';
    if (line.trim() === '' || indentation(line) >= depth) continue;
    depth = indentation(line);
    if (/^\s*(?:for|while) /.test(line) || /^\s*for await /.test(line)) return true;
    if (/=> \{$|\bfunction\b/.test(line)) return false;
  }
  return false;
}

function indentation(line = ''): number {
  return line.length - line.trimStart().length;
}

/** What stands between the brackets of a call; brackets in texts are none. */
function argumentsAt(source: string, start: number): string {
  let depth = 1;
  let quote = '';
  for (let i = start; i < source.length; i++) {
    const sign = source[i] ?? '';
    if (quote !== '') {
      if (sign === '\\') i++;
      else if (sign === quote) quote = '';
    } else if (source.startsWith('//', i)) i = source.indexOf('\n', i);
    else if (`'"\``.includes(sign)) quote = sign;
    else if (sign === '(') depth++;
    else if (sign === ')' && --depth === 0) return source.slice(start, i);
  }
  return source.slice(start);
}
