import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify, parse } from 'yaml';
import { z } from 'zod';
import { formatConfigError, parseConfig } from '../../gateway/config/index.ts';
import { execute, findOpa } from '../../gateway/policy/build/opa.ts';
import { parseLabels } from '../../gateway/policy/labels.ts';
import type { Block } from './blocks.ts';
import { root } from './markdown.ts';
import { writeWithin, type PageWorld } from './page-world.ts';

/** What an example did: its output, if it has one, and what is wrong with it apart from that. */
export interface Outcome {
  readonly output: string | undefined;
  readonly problem: string | undefined;
}

const fine: Outcome = { output: undefined, problem: undefined };

/**
 * Runs or checks one example. Directives:
 *
 * - `as=PERSON`: with that person's token (SALLYPORT_TOKEN for commands, the password for SQL); `role=LOGIN` at the target
 * - `exit=CODE`: the command is meant to end so; `login=PERSON`: that person logs in where a browser is asked for
 * - `background=NAME until=TEXT`: goes on running; `outcome=NAME` on a later example waits for its end and compares its output
 * - `retry=TEXT`: is run again until its output has the text, for what takes a moment to come into force
 * - `approve=PERSON`: lets what SQL holds run
 * - `write=FILE`: the text belongs into that file; with `instead-of=LINE`, in the place of that line
 * - `data`: YAML of a bundle, not of the configuration
 */
export async function runExample(block: Block, world: PageWorld): Promise<Outcome> {
  const written = block.directives.get('write');
  if (written !== undefined) await writeExample(block, written, world.scene.dir);
  switch (block.language) {
    case 'sh':
      return shell(block, world);
    case 'sql':
      return sql(block, world);
    case 'rego':
      return written === undefined ? checkRego(block.text) : fine;
    case 'yaml':
      // Lines of a policy test: the command that runs them reads them more strictly than we could.
      if (written !== undefined && /(^|\/)policy-tests\//.test(written)) return fine;
      if (!block.directives.has('data')) return checkConfig(block.text);
      // Data that only rules read has no form of ours: the page's own checks and tests go by it.
      if (written !== undefined && !/\/(labels|columns)\//.test(written)) return fine;
      return checkData(block.text);
    case 'js':
      return script(block, world);
    default:
      return { output: undefined, problem: `nothing here runs ${block.language}: say skip="why"` };
  }
}

const retryMs = 20_000;
const pauseMs = 250;

async function shell({ text, directives, line }: Block, world: PageWorld): Promise<Outcome> {
  const as = directives.get('as');
  const name = directives.get('background') ?? String(line);
  const options = {
    ...(as === undefined ? {} : { env: { SALLYPORT_TOKEN: await world.token(as) } }),
    person: directives.get('login'),
    until: directives.get('until'),
  };
  const awaitedText = directives.get('retry') ?? '';
  const deadline = Date.now() + retryMs;
  let ran = await world.scene.shell(text, name, options);
  while (!ran.output.includes(awaitedText) && Date.now() < deadline) {
    await sleep(pauseMs);
    ran = await world.scene.shell(text, name, options);
  }
  await world.settle();
  const awaited = directives.get('outcome');
  const wanted = Number(directives.get('exit') ?? 0);
  const problem =
    ran.exitCode === wanted ? undefined : `exit code ${String(ran.exitCode)}, not ${String(wanted)}:\n${ran.output}`;
  const wait = awaited !== undefined && problem === undefined;
  const output = wait ? (await world.scene.outcome(awaited)).output : ran.output;
  return { output, problem };
}

async function sql({ text, directives }: Block, world: PageWorld): Promise<Outcome> {
  const as = directives.get('as') ?? 'ana';
  const output = await world.sql(text, as, directives.get('role') ?? 'app', directives.get('approve'));
  return { output, problem: undefined };
}

/** With the packages of this repository at hand, and the token in PGPASSWORD. */
async function script({ text, directives, line }: Block, world: PageWorld): Promise<Outcome> {
  const token = await world.token(directives.get('as') ?? 'ana');
  const { dir } = world.scene;
  await writeWithin(dir, 'example.mjs', world.scene.here(text));
  const { exitCode, output } = await world.scene.shell('node example.mjs', String(line), {
    env: { PGPASSWORD: token },
  });
  return { output, problem: exitCode === 0 ? undefined : output };
}

/** Together with the default pack, as `sallyport policy build` checks it. */
async function checkRego(text: string): Promise<Outcome> {
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-rego-'));
  try {
    for (const folder of ['rules', 'labels', 'columns', 'sallyport']) {
      await cp(join(root, 'policies', folder), join(dir, folder), { recursive: true });
    }
    await writeWithin(dir, 'rules/example.rego', text);
    const run = await execute(await findOpa(process.env), [
      'check',
      '--strict',
      '--schema',
      join(root, 'policies/schemas'),
      '--capabilities',
      join(root, 'policies/capabilities.json'),
      dir,
    ]);
    return { output: undefined, problem: run.ok ? undefined : run.stderr.replaceAll(dir, '') };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A part of the configuration, in the place of the same part of a whole one. */
function checkConfig(text: string): Outcome {
  const sections = z.record(z.string(), z.unknown());
  const whole = stringify({ ...sections.parse(parse(wholeConfig)), ...sections.parse(parse(text)) });
  const read = parseConfig(whole, { file: 'sallyport.yaml', env: () => 'set', isFile: () => true });
  return { output: undefined, problem: read.ok ? undefined : read.errors.map(formatConfigError).join('\n') };
}

async function checkData(text: string): Promise<Outcome> {
  const found = z.record(z.string(), z.unknown()).parse(parse(text));
  const known = z.record(z.string(), z.unknown());
  const labels = known.parse(parse(await readFile(join(root, 'policies/labels/data.yaml'), 'utf8')));
  // Columns stand under their target, labels under their own names: what has a dot is a label.
  const isLabels = Object.keys(found).every((name) => name.includes('.'));
  // A page may show a part of a label that there is.
  const whole = (name: string): object => ({ ...known.safeParse(labels[name]).data, ...known.parse(found[name]) });
  const data = isLabels
    ? { labels: Object.fromEntries(Object.keys(found).map((name) => [name, whole(name)])) }
    : { labels, columns: found };
  parseLabels(Buffer.from(JSON.stringify(data)));
  return fine;
}

async function writeExample({ text, directives }: Block, file: string, dir: string): Promise<void> {
  const before = directives.get('instead-of');
  if (before === undefined) return writeWithin(dir, file, text);
  const lines = (await readFile(join(dir, file), 'utf8')).split('\n');
  const at = lines.findIndex((line) => line === before);
  if (at < 0) throw new Error(`${basename(file)} has no line ${before}`);
  await writeWithin(dir, file, lines.with(at, text.trimEnd()).join('\n'));
}

const wholeConfig = `
listen: { postgres: { tls: { cert: tls/server.pem, key: tls/server.key } } }
state_dir: state
identity:
  issuers: [{ issuer: https://login.example.com, audience: sallyport, algorithms: [RS256] }]
targets:
  - name: crm
    protocol: postgres
    host: db.example.com
    database: crm
    roles: { app: { password: { store: crm/app } } }
policy: { bundle: policy, keys: [{ id: main, algorithm: ES256, file: keys/bundle.pub }] }
credentials: { store: credentials.json, key: { file: keys/credentials.key } }
masking: { key: { file: keys/masking.key } }
recordings: { dir: recordings }
audit: { dir: audit, origin: example.com/audit, key: { file: keys/audit.key } }
`;
