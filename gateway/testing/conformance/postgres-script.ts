import {
  encodeBare,
  encodeCommandComplete,
  encodeDataRow,
  encodeReady,
  encodeReportFields,
  encodeRowDescription,
} from '../../protocols/postgres/codec/backend.ts';
import { encodeClientMessage } from '../../protocols/postgres/codec/frontend.ts';

/** Uniform in [0, n). Seeded, so that a failure can be seen again. */
export type Dice = (n: number) => number;

/** mulberry32: github.com/bryc/code/blob/master/jshash/PRNGs.md */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

/** A word of every statement that policy denies. */
export const deniedMark = 'must_not_be';

const texts: readonly string[] = [
  ...['SELECT 1', 'SELECT name FROM people', 'SELECT ssn FROM people', 'BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT a'],
  ...['ROLLBACK TO a', 'SET search_path TO other', 'SELECT 1; SELECT 2', '', ';', 'SELEC', 'COPY people FROM STDIN'],
  ...['COPY people TO STDOUT', 'PREPARE s AS SELECT 1', 'EXECUTE s', 'EXECUTE t', 'DEALLOCATE ALL', 'DISCARD ALL'],
  ...['DECLARE p CURSOR FOR SELECT ssn FROM people', 'FETCH 1 FROM p', 'MOVE 1 FROM p', 'CLOSE p', 'LISTEN c'],
  ...['CREATE TABLE fresh (a int)', "SET client_encoding TO 'latin1'", 'DO $$ BEGIN END $$', 'EXECUTE d'],
  ...[`DELETE FROM ${deniedMark}`, `SELECT 1; DROP TABLE ${deniedMark}`, `PREPARE d AS DELETE FROM ${deniedMark}`],
  ...[`DECLARE p CURSOR FOR SELECT * FROM ${deniedMark}`, `BEGIN; TRUNCATE ${deniedMark}; COMMIT`],
];
const names = ['', 's', 't', 'd', 'p'];
const clientTags = 'QPBDECSHXFdcfp!';
const serverTags = '123ACDEGHINSTVWZcdnst!';

/** One message as a client could send it: mostly well formed, in any order. */
export function clientMessage(roll: Dice): Buffer {
  const name = () => names[roll(names.length)] ?? '';
  const text = () => texts[roll(texts.length)] ?? '';
  const what = () => (roll(2) === 0 ? 'statement' : 'portal');
  const one = roll(2) === 0 ? [Buffer.from('x'), null] : [];
  const formats = { parameterFormats: [], parameters: one, resultFormats: [] };
  switch (roll(16)) {
    case 0:
    case 1:
    case 2:
      return encodeClientMessage({ type: 'query', text: text() });
    case 3:
    case 4:
      return encodeClientMessage({ type: 'parse', statement: name(), text: text(), parameterTypes: [] });
    case 5:
    case 6:
      return encodeClientMessage({ type: 'bind', portal: name(), statement: name(), ...formats });
    case 7:
    case 8:
      return encodeClientMessage({ type: 'execute', portal: name(), maxRows: roll(3) });
    case 9:
      return encodeClientMessage({ type: 'describe', what: what(), name: name() });
    case 10:
      return encodeClientMessage({ type: 'close', what: what(), name: name() });
    case 11:
    case 12:
      return encodeClientMessage({ type: 'sync' });
    case 13:
      return encodeClientMessage({ type: 'flush' });
    case 14:
      return roll(2) === 0
        ? encodeClientMessage({ type: 'copyData', bytes: Buffer.from('a\tb\n') })
        : encodeClientMessage({ type: 'copyDone' });
    default:
      return roll(6) === 0 ? junk(roll, clientTags) : encodeClientMessage({ type: 'sync' });
  }
}

/** A target that keeps to the protocol more or less: it knows no SQL, fails at random, and now and then says what nobody asked for. */
export class ScriptedTarget {
  readonly #roll: Dice;
  readonly #mayLie: boolean;
  #skipping = false;
  #copying = false;
  #status: 'I' | 'T' | 'E' = 'I';

  constructor(roll: Dice, mayLie: boolean) {
    this.#roll = roll;
    this.#mayLie = mayLie;
  }

  /** @returns the answer to one message; undefined hangs up */
  answer(tag: string): Buffer | undefined {
    if (this.#mayLie && this.#roll(60) === 0) return this.#roll(3) === 0 ? undefined : junk(this.#roll, serverTags);
    if (this.#copying) return this.#duringCopy(tag);
    if (this.#skipping && tag !== 'S') return Buffer.alloc(0);
    const fails = this.#roll(6) === 0;
    switch (tag) {
      case 'S':
        this.#skipping = false;
        return this.#ready();
      case 'Q':
        return fails ? Buffer.concat([failure, this.#ready()]) : this.#query();
      case 'P':
        return this.#step(fails, encodeBare('parseComplete'));
      case 'B':
        return this.#step(fails, encodeBare('bindComplete'));
      case 'C':
        return this.#step(fails, encodeBare('closeComplete'));
      case 'D':
        return this.#step(fails, encodeBare('noData'));
      case 'E':
        return this.#step(
          fails,
          this.#roll(3) === 0 ? encodeBare('portalSuspended') : encodeCommandComplete('SELECT 0'),
        );
      default:
        return Buffer.alloc(0);
    }
  }

  #step(fails: boolean, answer: Buffer): Buffer {
    this.#skipping = fails;
    return fails ? failure : answer;
  }

  #query(): Buffer {
    switch (this.#roll(6)) {
      case 0:
        this.#copying = true;
        return Buffer.from([0x47, 0, 0, 0, 7, 0, 0, 0]);
      case 1:
        return Buffer.concat([encodeBare('emptyQuery'), this.#ready()]);
      case 2:
        return Buffer.concat([description, encodeDataRow([Buffer.from('078-05-1120')]), this.#done()]);
      default:
        return this.#done();
    }
  }

  #duringCopy(tag: string): Buffer {
    if (tag !== 'c' && tag !== 'f') return Buffer.alloc(0);
    this.#copying = false;
    return tag === 'c' ? this.#done() : Buffer.concat([failure, this.#ready()]);
  }

  #done(): Buffer {
    return Buffer.concat([encodeCommandComplete('SELECT 1'), this.#ready()]);
  }

  #ready(): Buffer {
    const all = ['I', 'T', 'E'] as const;
    this.#status = all[this.#roll(3)] ?? 'I';
    return encodeReady(this.#status);
  }
}

const failure = encodeReportFields(
  'error',
  new Map([
    ['S', 'ERROR'],
    ['C', '42601'],
    ['M', 'scripted'],
  ]),
);
const description = encodeRowDescription([
  { name: 'ssn', tableOid: 0, attnum: 0, typeOid: 25, typeSize: -1, typeModifier: -1, format: 0 },
]);

function junk(roll: Dice, tags: string): Buffer {
  const body = Buffer.from(Array.from({ length: roll(12) }, () => roll(256)));
  const head = Buffer.alloc(5);
  head.writeUInt8(tags.charCodeAt(roll(tags.length)), 0);
  head.writeUInt32BE(roll(5) === 0 ? roll(20) : 4 + body.length, 1);
  return Buffer.concat([head, body]);
}
