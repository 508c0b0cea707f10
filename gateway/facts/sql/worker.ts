/** A parser thread. It holds the grammars, the catalogs and the trees; only facts leave it. */
import { parentPort, workerData } from 'node:worker_threads';
import { holdsForAnyNumber } from './alike.ts';
import { analyzeText } from './analyze.ts';
import type { SqlAnalysis } from './lineage/analysis.ts';
import type { LeanCatalog } from './catalog/catalog.ts';
import { loadGrammar, loadLexer, newestMajor, type Grammar, type Lexer } from './text/grammar.ts';
import type { ColumnLabels } from './catalog/labels.ts';
import type { Node } from './text/node.ts';
import { viewReader } from './statements/walk.ts';
import { idle, type Answer, type FromThread, type Job, type ToThread } from './worker-messages.ts';
import { World } from './catalog/world.ts';

interface Known {
  catalog: LeanCatalog | undefined;
  labels: ColumnLabels;
  version: string;
  /** By major: views are read with the server's grammar. */
  readonly worlds: Map<number, World>;
}

const known = new Map<string, Known>();
const grammars = new Map<number, Grammar>();
const progress = progressOf(workerData);
const lexer = await loadLexer();
await grammarFor(newestMajor);
if (!canary()) throw new Error('the grammar does not parse its canary');

let tail: Promise<void> = Promise.resolve();
parentPort?.on('message', (message: ToThread) => {
  tail = tail.then(() => take(message));
});
send({ kind: 'ready' });

/** Whether the modules still do what they should: a broken one throws. */
function canary(): boolean {
  const parsed = grammars.get(newestMajor)?.parse('SELECT 1');
  return parsed?.ok === true && parsed.statements.length === 1 && lexer.tokens('SELECT 1')?.length === 2;
}

async function take(message: ToThread): Promise<void> {
  switch (message.kind) {
    case 'catalog':
      knownOf(message.target).catalog = message.catalog;
      knownOf(message.target).worlds.clear();
      return;
    case 'labels':
      knownOf(message.target).labels = new Map(message.labels);
      knownOf(message.target).version = message.version;
      knownOf(message.target).worlds.clear();
      return;
    case 'drop':
      known.delete(message.target);
      return;
    case 'batch':
      for (const major of new Set(message.jobs.map((job) => job.major))) await grammarFor(major);
      work(message.jobs);
      return;
    default:
      message satisfies never;
  }
}

function work(jobs: readonly Job[]): void {
  const answers: Answer[] = [];
  for (const job of jobs) {
    Atomics.store(progress, 0, job.id);
    try {
      answers.push([job.id, ...analyze(job, lexer)]);
    } catch (error) {
      answers.push([job.id, brokenBy(error), false]);
      send({ kind: 'broken', answers: JSON.stringify(answers) });
      return;
    }
  }
  Atomics.store(progress, 0, idle);
  send({ kind: 'answers', answers: JSON.stringify(answers) });
}

function analyze(job: Job, words: Lexer): readonly [analysis: SqlAnalysis, alike: boolean] {
  const grammar = grammars.get(job.major);
  if (!grammar) return [{ ok: false, why: 'grammar', message: `no grammar for PostgreSQL ${job.major}` }, false];
  const target = knownOf(job.target);
  let world = target.worlds.get(job.major);
  if (!world) {
    world = new World(
      target.catalog,
      target.labels,
      viewReader((text) => statementsOf(grammar, text)),
      (text) => statementsOf(grammar, text),
    );
    target.worlds.set(job.major, world);
  }
  const version = [job.target, job.major, target.catalog?.version ?? 'none', target.version, ...job.searchPath].join(
    '\n',
  );
  const reading = { grammar, lexer: words, world, searchPath: job.searchPath, version };
  const analysis = analyzeText(job.text, reading);
  return [analysis, job.askShape && holdsForAnyNumber(job.text, analysis, reading)];
}

function statementsOf(grammar: Grammar, text: string): readonly Node[] | undefined {
  const parsed = grammar.parse(text);
  return parsed.ok ? parsed.statements.map(({ tree }) => tree) : undefined;
}

function brokenBy(error: unknown): SqlAnalysis {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError) return { ok: false, why: 'too-deep', message: 'statement is nested too deep' };
  return { ok: false, why: 'crashed', message };
}

async function grammarFor(major: number): Promise<void> {
  if (grammars.has(major)) return;
  const grammar = await loadGrammar(major);
  if (grammar) grammars.set(major, grammar);
}

function knownOf(target: string): Known {
  const found = known.get(target);
  if (found) return found;
  const made: Known = { catalog: undefined, labels: new Map(), version: '', worlds: new Map() };
  known.set(target, made);
  return made;
}

function progressOf(given: unknown): Int32Array {
  if (given instanceof SharedArrayBuffer) return new Int32Array(given);
  throw new TypeError('a parser thread needs its counter');
}

function send(message: FromThread): void {
  parentPort?.postMessage(message);
}
