import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { execute, findOpa, opaVersion, runOpa } from '../build/opa.ts';
import { gunzipCapped } from '../bundle/read.ts';
import { readTar } from '../bundle/tar.ts';
import { root, temporaryFolder, unordered } from '../fixtures.ts';
import { hostBuiltins } from './builtins.ts';
import { PolicyInstance } from './instance.ts';
import { compileModule, type PolicyModule } from './module.ts';

/**
 * OPA's own conformance cases, through our host. They come with OPA's source, which the Go module proxy has; nothing of it is kept here.
 *
 * Many cases are one module, since a compilation each would take minutes: every case in a package of its own, with its data below it.
 * What cannot be moved like that, or calls what policies may not call (`policies/capabilities.json`), is left out.
 * `SALLYPORT_CONFORMANCE=all` runs what is left, about 1,400 cases; otherwise it is a fixed fifth, with all that our own built-ins are about.
 */
const source = `github.com/open-policy-agent/opa@v${opaVersion}`;
const fetchMs = 90_000;
const casesInOneModule = 150; // compilation grows with the square of it
const inFull = process.env['SALLYPORT_CONFORMANCE'] === 'all';

/** Where WebAssembly as OPA compiles it answers otherwise than OPA's own engine, whatever the host: written here so that nobody has to find out. */
const otherwise: readonly string[] = [
  // A number that no double holds is null, not undefined.
  'jsonbuiltins/unmarshal number beyond the supported exponent is undefined',
  'jsonbuiltins/unmarshal number with too big an exponent is undefined',
  // Beyond 64 bits it aborts, and the engine denies.
  'strings/format_int: bignum exact (>64-bit integer, all bases + negative)',
  // `data.nested[2]` does not find the key "2".
  'data/nested integer',
];

const caseFile = z.object({
  cases: z.array(
    z.looseObject({
      note: z.string(),
      query: z.string(),
      modules: z.array(z.string()).nullish(),
      data: z.unknown().optional(),
      input: z.unknown().optional(),
      input_term: z.string().optional(),
      want_result: z.array(z.record(z.string(), z.unknown())).nullish(),
      want_error_code: z.string().optional(),
      want_error: z.string().optional(),
    }),
  ),
});
type Case = z.infer<typeof caseFile>['cases'][number];

/** A case in its own package, and what its entrypoint has to answer. */
interface Moved {
  readonly note: string;
  readonly package: string;
  readonly files: readonly string[];
  readonly data: unknown;
  readonly input: string;
  /** Each solution's bindings; or two rules that give one name two values. */
  readonly wanted: readonly unknown[] | 'conflict';
}

test('our host answers OPA’s conformance cases as OPA does', { timeout: 300_000 }, async (context) => {
  const fetched = await fetchSource();
  if (!fetched.ok) {
    process.stdout.write(`no conformance cases: ${fetched.why}\n`); // a reporter may keep a skip's reason to itself
    return context.skip(fetched.why);
  }
  const opa = await findOpa(process.env);
  const cases = await casesBelow(join(fetched.dir, 'v1/test/cases/testdata/v1'));
  const forbidden = await callsThatNoRuleMayMake(opa);
  const moved = cases.flatMap((one, i) => move(one, `case${String(i)}`, forbidden) ?? []);
  const chosen = moved.filter((one, i) => inFull || i % 5 === 0 || callsOurHost(one) || otherwise.includes(one.note));
  const wrong: Answered[] = [];
  let ran = 0;
  for (let from = 0; from < chosen.length; from += casesInOneModule) {
    const { policy, compiled } = await compileTogether(chosen.slice(from, from + casesInOneModule), opa);
    ran += compiled.length;
    wrong.push(...judgeAll(policy, compiled));
  }
  process.stdout.write(`${String(ran)} of ${String(cases.length)} conformance cases ran on our host\n`);
  expect(wrong.filter(({ note }) => !otherwise.includes(note))).toEqual([]);
  expect(wrong.map(({ note }) => note).sort()).toEqual([...otherwise].sort()); // else one of them is right now
  expect(ran).toBeGreaterThan(250);
});

/** Where the source lies: Go's module cache, filled from the proxy when it is not there yet. */
function fetchSource(): Promise<
  { readonly ok: true; readonly dir: string } | { readonly ok: false; readonly why: string }
> {
  const env = { ...process.env, GOTOOLCHAIN: 'local' };
  return new Promise((resolve) => {
    execFile('go', ['mod', 'download', '-json', source], { env, timeout: fetchMs }, (error, stdout, stderr) => {
      if (error === null)
        return resolve({ ok: true, dir: z.object({ Dir: z.string() }).parse(JSON.parse(stdout)).Dir });
      resolve({ ok: false, why: `${source} cannot be had with Go: ${stderr.trim() || error.message}` });
    });
  });
}

async function casesBelow(folder: string): Promise<readonly Case[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.yaml')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text) => caseFile.parse(parse(text, { uniqueKeys: false })).cases);
}

async function callsThatNoRuleMayMake(opa: string): Promise<readonly string[]> {
  const capabilities = z.object({ builtins: z.array(z.object({ name: z.string() })) });
  const namesOf = (text: string) => capabilities.parse(JSON.parse(text)).builtins.map(({ name }) => name);
  const ours = new Set(namesOf(await readFile(join(root, 'policies/capabilities.json'), 'utf8')));
  return namesOf(await runOpa(opa, ['capabilities', '--current'])).filter((name) => !ours.has(name));
}

function move(one: Case, name: string, forbidden: readonly string[]): Moved | undefined {
  const { note, query, data = {}, input, input_term, want_result, want_error, want_error_code } = one;
  const modules = one.modules ?? [];
  const isConflict = want_error_code === 'eval_conflict_error';
  // Other errors are the compiler's, or built-ins' that WebAssembly answers with undefined.
  if (!isConflict && (want_error ?? want_error_code) !== undefined) return undefined;
  if (!isConflict && (want_result === null || want_result === undefined)) return undefined;
  const text = [...modules, query].join('\n');
  // `data` as a whole or by a computed name, and what tells of a rule's own path, would be something else where we put them.
  if (/\bdata\b(?!\.[a-z_])|["'`]data\.|\brego\.metadata\b/.test(text)) return undefined;
  if (input_term !== undefined || (input === undefined && /\binput\b/.test(text))) return undefined;
  if (forbidden.some((builtin) => text.includes(`${builtin}(`))) return undefined;
  if (modules.some((file) => !/^package[ \t]+[\w.]+[ \t]*$/m.test(file))) return undefined;
  const here = (rego: string) => rego.replaceAll(/\bdata\./g, `data.${name}.`);
  const bindings = Object.keys(want_result?.[0] ?? { x: 0 }).map((key) => `"${key}": ${key}`);
  const files = [
    ...modules.map((file) => here(file).replace(/^package[ \t]+/m, `package ${name}.`)),
    `package ${name}\n\nanswers := [{${bindings.join(', ')}} | ${here(query)}]\n`,
  ];
  const wanted = isConflict ? 'conflict' : (want_result ?? []);
  return { note, package: name, files, data, input: JSON.stringify(input ?? {}), wanted };
}

function callsOurHost({ files }: Moved): boolean {
  return [...hostBuiltins.keys()].some((name) => files.some((file) => file.includes(`${name}(`)));
}

async function compileTogether(
  cases: readonly Moved[],
  opa: string,
): Promise<{ readonly policy: PolicyModule; readonly compiled: readonly Moved[] }> {
  await using folder = await temporaryFolder();
  const where = { cwd: folder.path };
  for (const { package: name, files } of cases) {
    await mkdir(join(folder.path, name));
    for (const [i, text] of files.entries()) await writeFile(join(folder.path, name, `${String(i)}.rego`), text);
  }
  const capabilities = ['--capabilities', join(root, 'policies/capabilities.json')];
  const names = cases.map((one) => one.package);
  const checked = await execute(opa, ['check', '--max-errors', '0', ...capabilities, ...names], where);
  // Queries that give a variable no value have no place in a rule; the compiler names them all at once.
  const refused = new Set(checked.ok ? [] : [...checked.stderr.matchAll(/^(case\d+)\//gm)].map(([, name]) => name));
  const compiled = cases.filter((one) => !refused.has(one.package));
  const folders = compiled.map((one) => one.package);
  const entrypoints = compiled.map((one) => `${one.package}/answers`);
  const flags = [...capabilities, ...entrypoints.flatMap((name) => ['-e', name]), '-o', 'out.tar.gz'];
  await runOpa(opa, ['build', '-t', 'wasm', ...flags, ...folders], where);
  const archive = gunzipCapped(await readFile(join(folder.path, 'out.tar.gz')), 64 << 20);
  const wasm = readTar(archive, 10_000).get('policy.wasm');
  if (wasm === undefined) throw new TypeError('no policy.wasm');
  return { policy: compileModule(wasm, entrypoints), compiled };
}

interface Answered {
  readonly note: string;
  readonly wanted: unknown;
  readonly got: string;
}

/** Those whose answer is another one. */
function judgeAll(policy: PolicyModule, cases: readonly Moved[]): readonly Answered[] {
  const data = JSON.stringify(Object.fromEntries(cases.map((one) => [one.package, one.data])));
  let instance = new PolicyInstance(policy, data);
  return cases.flatMap(({ note, package: name, input, wanted }) => {
    const entrypoint = policy.entrypoints.get(`${name}/answers`) ?? -1;
    let got: string;
    try {
      got = instance.evaluate(entrypoint, input, []);
    } catch (error) {
      instance = new PolicyInstance(policy, data); // as the engine does: whoever catches throws the instance away
      got = String(error);
    }
    return isAsWanted(got, wanted) ? [] : [{ note, wanted, got }];
  });
}

const resultSet = z.tuple([z.object({ result: z.array(z.unknown()) })]);

function isAsWanted(got: string, wanted: Moved['wanted']): boolean {
  if (wanted === 'conflict') return /engine: .*(conflict|multiple)/.test(got);
  if (!got.startsWith('[')) return false;
  const answers = resultSet.safeParse(JSON.parse(got));
  return answers.success && isDeepStrictEqual(unordered(answers.data[0].result), unordered(wanted));
}
