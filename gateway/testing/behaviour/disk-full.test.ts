import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type Rig, startRig } from '../rig.ts';
import { addPlainTarget } from './plain-target.ts';
import { describe, rowsOf, type Wire, wireThrough } from './wire.ts';

const run = promisify(execFile);

test.for([
  { what: 'audit log', section: 'audit', more: {} },
  // What cannot be written waits in a queue, which is long enough to hide the disk for a while.
  { what: 'recording', section: 'recordings', more: { queue_bytes: 65_536 } },
])(
  'the disk of the $what is full: nothing runs, clients are told, and it goes on when there is room',
  async ({ section, more }, context) => {
    await using disk = await smallDisk();
    if (disk.missing !== undefined) return context.skip(disk.missing);
    const dir = join(disk.dir, section);
    await mkdir(dir);
    await using rig = await startRig({ crm: false, config: { [section]: { dir, ...more } } });
    await addPlainTarget(rig);
    await using wire = await wireThrough(await loginOf(rig));
    await wire.query('create table counted (n int)');

    const ballast = join(disk.dir, 'ballast');
    await fill(ballast);
    const { done, refusal } = await insertUntilRefused(wire);
    expect(refusal).toMatch(/C=58030 M=.*(not recorded|cannot write|withheld)/);
    expect(await newcomer(rig)).toMatch(/C=(58030|57P03)/);

    await truncate(ballast, 0);
    await using fresh = await patientLogin(rig);
    const [[count] = []] = rowsOf(await fresh.query('select count(*) from counted'));
    // Where the answer could not be recorded the statement had run: its client was told that the result is withheld.
    expect(Number(count)).toBe(done + (refusal.includes('withheld') ? 1 : 0));
  },
);

/** A file system of 8 MiB, or why there can be none. */
async function smallDisk(): Promise<{ readonly dir: string; readonly missing?: string } & AsyncDisposable> {
  const none = { dir: '', [Symbol.asyncDispose]: async () => undefined };
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return { ...none, missing: 'a disk to fill needs root on Linux (tmpfs)' };
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', dir]);
  } catch (error) {
    await rm(dir, { recursive: true });
    return {
      ...none,
      missing: `no tmpfs can be mounted here: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  return {
    dir,
    [Symbol.asyncDispose]: async () => {
      await run('umount', ['-l', dir]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function fill(path: string): Promise<void> {
  for (const size of [1 << 20, 1 << 12]) {
    for (;;) {
      try {
        await writeFile(path, Buffer.alloc(size), { flag: 'a' });
      } catch {
        break;
      }
    }
  }
}

/** What room is left in a block that was begun is used up first; then a statement is refused. */
async function insertUntilRefused(wire: Wire): Promise<{ readonly done: number; readonly refusal: string }> {
  for (let done = 0; ; done++) {
    try {
      const [error] = (await wire.query(insert(done))).filter(({ tag }) => tag === 'E');
      if (error) return { done, refusal: describe(error) };
    } catch (error) {
      // A session whose answer cannot be recorded ends: the error is what it said last.
      return { done, refusal: String(error) };
    }
    if (done === 2_000) throw new Error('nothing was refused');
  }
}

/** What somebody hears who comes now: at the log-in, or, where that still found room, at the first statement. */
async function newcomer(rig: Rig): Promise<string> {
  try {
    await using wire = await wireThrough(await loginOf(rig));
    return (await wire.query(insert(-1))).map(describe).join('\n');
  } catch (error) {
    return String(error);
  }
}

/** Long, so that it finds no room where something short might. */
function insert(n: number): string {
  return `insert into counted values (${String(n)}) -- ${'x'.repeat(20_000)}`;
}

/** Room is found by the next try, or by one a little later. */
async function patientLogin(rig: Rig): Promise<Wire> {
  for (let tries = 0; ; tries++) {
    try {
      return await wireThrough(await loginOf(rig));
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function loginOf(rig: Rig) {
  return { port: rig.port, user: 'postgres', database: 'plain', password: await rig.token('dora') };
}
