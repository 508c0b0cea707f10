import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLine, type Shell } from './index.ts';

/** Random heaps of signs with the command `zz` among them. Where a line is said to be known and to run no `zz`, shells must not run it. */
const seed = Number(process.env['SALLYPORT_SEED'] ?? 20261122);
const heaps = Number(process.env['SALLYPORT_HEAPS'] ?? 40_000);
/** Lines that are run: of those that look harmless. */
const most = Number(process.env['SALLYPORT_LINES'] ?? 250);

const begins = `echo |echo x |echo "|echo '|echo $'|echo \${x:-|echo "\${x#|[[ |(( |case x in |cat <<E\n|{ |( |if |for x in |a=|a=(|a+=(|x |f() { |! |time |coproc |test `;
const middles = `zz| zz |;zz;|\nzz\n|&zz|$(zz)|\`zz\`|"$(zz)"|'$(zz)'|'\`zz\`'|'|"|\\|\\\n|\n| |;|&|&&|(|)|{ | }|{|}|[[ | ]]|[ | ]|((|))|case x in x) | esac|;;|<<E|<<-E|<<'E'|<<"E"|\nE\n|\n\tE\n|<<<|$'|\\'|\\"|$"|\${x:-|\${x#|\${x/a/|\${|$x|#| #|coproc |function f |time |if :; then |; fi|while :; do |; done|for x in a; do |echo |a=|a=(|a=($(zz))|declare a=(|=(|[0]=|*|^|~|>|<|&>|>&|<>|@(|?(|$[|]|$((|export |eval |test |-eq |1|x|=|,|a|--|"$@"|\t|\r|{a,|..|>(|<(`;
const ends = `||"|'|}|\nE\n|\nE| ]]|))|)| }|; fi|; done|; esac|; }|\``;

describe.each<[string, Shell]>([
  ['bash', 'bash'],
  ['dash', 'unknown'],
])('%s', (name, shell) => {
  const program =
    spawnSync('bash', ['-c', `type -P ${name}`])
      .stdout?.toString()
      .trim() ?? '';
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'sallyport-hidden-'));
    mkdirSync(join(dir, 'bin'));
    mkdirSync(join(dir, 'cwd'));
    writeFileSync(join(dir, 'bin/zz'), `#!${program}\nprintf '%s\\n' ran >> "$SEEN"\n`);
    chmodSync(join(dir, 'bin/zz'), 0o755);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const runsHidden = (line: string): boolean => {
    const seen = join(dir, 'seen');
    writeFileSync(seen, '');
    const env = { PATH: join(dir, 'bin'), HOME: join(dir, 'cwd'), SEEN: seen, LC_ALL: 'C.UTF-8' };
    const options = { cwd: join(dir, 'cwd'), input: '', env, timeout: 20_000, killSignal: 'SIGKILL' } as const;
    spawnSync(program, ['-c', line], options);
    return readFileSync(seen, 'utf8') !== '';
  };

  test.skipIf(program === '')(`runs nothing that was not seen (seed ${String(seed)})`, { timeout: 300_000 }, () => {
    const lines = heapsOf(seed, heaps);
    const harmless = lines.filter((line) => !isSeen(line, shell)).slice(0, most);
    expect(harmless.length).toBeGreaterThan(100);
    expect(harmless.filter(runsHidden)).toEqual([]);
  });

  test.skipIf(program === '')('runs it where it was seen: the heaps do hide something', { timeout: 300_000 }, () => {
    const seen = heapsOf(seed, heaps).filter((line) => isSeen(line, shell));
    expect(seen.slice(0, most).some(runsHidden)).toBe(true);
  });

  test.runIf(program === '')(`is not here: what it runs was not compared`, () => {
    expect(program).toBe('');
  });
});

/** Whether a rule can tell that `zz` may run. */
function isSeen(line: string, shell: Shell): boolean {
  const read = readLine(line, { shell });
  return !read.ok || read.commands.some(({ name, effects }) => name === 'zz' || effects.includes('opaque'));
}

/** Different ones, with `zz` in each. */
function heapsOf(from: number, count: number): readonly string[] {
  let state = from | 1;
  const pick = (list: string): string => {
    const all = list.split('|');
    // Marsaglia's xorshift: the same heaps for the same seed.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return all[(state >>> 0) % all.length] ?? '';
  };
  const lines = Array.from({ length: count }, (_, i) => {
    const middle = Array.from({ length: 1 + (i % 8) }, () => pick(middles)).join('');
    return `${pick(begins)}${middle}${pick(ends)}${pick(ends)}`;
  });
  return [...new Set(lines.filter((line) => line.includes('zz')))];
}
