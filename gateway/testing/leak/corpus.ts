import { openSqlAnalyzer, type SqlAnalyzer } from '../../facts/sql/index.ts';
import type { CorpusLine } from '../../facts/sql/fixtures/leak-database.ts';
import type { Wire, WireMessage } from '../behaviour/wire.ts';
import { disguiseStatement, sides, type Side } from './canary.ts';
import { columnsOf, comparable, outcomeOf, reasonOf, say, ways, type Outcome, type Way } from './conversation.ts';
import { scan, scanColumns, type Piece } from './scan.ts';
import { roles, type LeakWorld, type Role } from './world.ts';

/** One line, said one way by one role to both databases. */
export interface LeakRun {
  readonly id: string;
  readonly role: Role;
  readonly way: Way;
  readonly outcome: Outcome;
  /** Empty: nothing got out. */
  readonly leaks: readonly string[];
  /** The same statement answers itself differently when it is said again: what differs between the sides says nothing. */
  readonly unsteady: boolean;
}

export interface LeakOptions {
  readonly roles?: readonly Role[];
  readonly ways?: readonly Way[];
  /** Each side is asked with its own values, and not with side A's. */
  readonly own?: boolean;
  readonly onRun?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs every line on both sides, in sessions of their own, and looks for a canary in what the client hears and for a difference between what
 * the two sides say: they hold different values, so whatever depends on one tells it.
 */
export async function runLeakCorpus(
  world: LeakWorld,
  lines: readonly CorpusLine[],
  options: LeakOptions = {},
): Promise<readonly LeakRun[]> {
  await using analyzer = openSqlAnalyzer();
  const asked = { roles: options.roles ?? roles, ways: options.ways ?? ways };
  const total = lines.length * asked.roles.length * asked.ways.length;
  const runs: LeakRun[] = [];
  for (const { id, sql, session } of lines) {
    const said = async (side: Side): Promise<Said> => {
      const text = disguiseStatement(sql, options.own === true ? side : 'a');
      const line = Buffer.from(text, /[^\0-\xff]/.test(text) ? 'utf8' : 'latin1');
      return { line, statements: await cut(analyzer, line) };
    };
    const to = { a: await said('a'), b: await said('b') };
    for (const role of asked.roles) {
      for (const way of asked.ways) {
        options.signal?.throwIfAborted();
        runs.push({ id, role, way, ...(await runLine(world, (side) => ({ role, way, session, ...to[side] }))) });
        options.onRun?.(runs.length, total);
      }
    }
  }
  return runs;
}

interface Said {
  readonly line: Buffer;
  readonly statements: readonly string[];
}

interface Saying extends Said {
  readonly role: Role;
  readonly way: Way;
  /** Said first. */
  readonly session: string;
}

async function runLine(
  world: LeakWorld,
  to: (side: Side) => Saying,
): Promise<Pick<LeakRun, 'outcome' | 'leaks' | 'unsteady'>> {
  const [a, b] = await both((side) => hear(world, side, to(side)));
  const pieces = sides.flatMap((side) => piecesIn(world, side, to(side), { a, b }[side]));
  const leaks = [...new Set(pieces.map(({ form, piece }) => `${piece} as ${form}`))];
  const outcome = outcomeOf(a.messages);
  const difference = firstDifference(a.messages, b.messages);
  if (difference === undefined) return { outcome, leaks, unsteady: false };
  // On both again, so that they stay alike in all that statements leave behind.
  const [again] = await both((side) => hear(world, side, to(side)));
  const unsteady = firstDifference(a.messages, again.messages) !== undefined;
  return { outcome, leaks: unsteady ? leaks : [...leaks, difference], unsteady };
}

async function both<T>(each: (side: Side) => Promise<T>): Promise<readonly [T, T]> {
  return Promise.all([each('a'), each('b')]);
}

interface Heard {
  readonly messages: readonly WireMessage[];
  readonly bytes: Buffer;
}

async function hear(world: LeakWorld, side: Side, saying: Saying): Promise<Heard> {
  await using wire = await world.through(side, saying.role);
  return await converse(wire, saying);
}

async function converse(wire: Wire, { way, session, line, statements }: Saying): Promise<Heard> {
  if (session !== '') await say(wire, 'simple', Buffer.from(session), []);
  const messages = await say(wire, way, line, statements);
  return { messages, bytes: wire.heard };
}

function piecesIn(world: LeakWorld, side: Side, { line }: Saying, { messages, bytes }: Heard): readonly Piece[] {
  const canaries = world.canaries[side];
  return [...scan(bytes, side, canaries, line.toString('utf8')), ...scanColumns(columnsOf(messages), side, canaries)];
}

function firstDifference(a: readonly WireMessage[], b: readonly WireMessage[]): string | undefined {
  const [left, right] = [comparable(a), comparable(b)];
  const at = left.findIndex((message, i) => message !== right[i]);
  if (at < 0 && left.length === right.length) return undefined;
  const i = at < 0 ? left.length : at;
  const shown = (message: string | undefined): string =>
    message === undefined ? 'nothing' : JSON.stringify(message.slice(0, 160));
  return `the sides differ: ${shown(left[i])} and ${shown(right[i])}`;
}

/** A line as PostgreSQL's own grammar cuts it; one that no grammar reads is sent whole. */
async function cut(analyzer: SqlAnalyzer, line: Buffer): Promise<readonly string[]> {
  const answer = await analyzer.analyze({ target: 'none', text: line, major: 18, searchPath: ['public'] });
  if (!answer.ok) return [line.toString('utf8')];
  return answer.statements.map(({ location: { start, length } }) => line.toString('utf8', start, start + length));
}

/** A line as psql sends it, by the superuser. */
function whole(sql: string, session: CorpusLine['session']): Saying {
  return { role: 'postgres', way: 'simple', session, line: Buffer.from(sql, 'latin1'), statements: [] };
}

/** How many of these lines bring a canary out where no gateway is: what the scan can see. */
export async function countDirectLeaks(world: LeakWorld, lines: readonly CorpusLine[]): Promise<number> {
  let leaking = 0;
  for (const { sql, session } of lines) {
    const saying = whole(sql, session);
    await using wire = await world.direct('b', saying.role);
    const heard = await converse(wire, saying);
    if (piecesIn(world, 'b', saying, heard).length > 0) leaking += 1;
  }
  return leaking;
}

/** How many of the lines tell the databases apart when nobody stands in between, by what they bring or by whether they fail. */
export async function countDirectDifferences(world: LeakWorld, lines: readonly CorpusLine[]): Promise<number> {
  let telling = 0;
  for (const { sql, session } of lines) {
    const saying = whole(sql, session);
    const [a, b] = await both(async (side) => {
      await using wire = await world.direct(side, saying.role);
      return await converse(wire, saying);
    });
    if (firstDifference(a.messages, b.messages) !== undefined) telling += 1;
  }
  return telling;
}

/** One honest statement, and why it did not run. */
export interface HonestRun {
  readonly id: string;
  readonly text: string;
  readonly outcome: Outcome;
  readonly reason: string;
}

/** Runs each line on side A through the gateway. */
export async function runHonestLines(
  world: LeakWorld,
  lines: readonly CorpusLine[],
  onRun: (done: number, total: number) => void = () => undefined,
): Promise<readonly HonestRun[]> {
  const runs: HonestRun[] = [];
  for (const { id, sql, session } of lines) {
    const saying = whole(sql, session);
    const { messages } = await hear(world, 'a', saying);
    const outcome = outcomeOf(messages);
    const ran = outcome === 'allowed' || outcome === 'masked';
    runs.push({ id, text: sql, outcome, reason: ran ? '' : reasonOf(messages) });
    onRun(runs.length, lines.length);
  }
  return runs;
}

/** A canary in something that the gateway wrote. */
export interface WrittenLeak {
  readonly name: string;
  readonly pieces: readonly Piece[];
}

/**
 * Looks for canaries in everything that the gateway wrote, and ends it.
 * Side A's stand in statements of the corpus, which the recording keeps where they are no labelled value's neighbours: what was typed is no leak.
 */
export async function scanWritten(
  world: LeakWorld,
  lines: readonly CorpusLine[],
): Promise<{ readonly files: number; readonly bytes: number; readonly leaks: readonly WrittenLeak[] }> {
  const typed = lines.map(({ sql }) => disguiseStatement(sql)).join('\n');
  const written = await world.written();
  const leaks = written.flatMap(({ name, bytes }) => {
    const pieces = sides.flatMap((side) => scan(bytes, side, world.canaries[side], side === 'a' ? typed : ''));
    return pieces.length > 0 ? [{ name, pieces }] : [];
  });
  return { files: written.length, bytes: written.reduce((sum, { bytes }) => sum + bytes.length, 0), leaks };
}
