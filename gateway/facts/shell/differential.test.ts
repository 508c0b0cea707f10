import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLine } from './index.ts';

/**
 * What we say of a line against what bash does with it: random lines, run where every program only writes down its words.
 * Wrappers are the real ones, as far as they are there.
 */
const seed = Number(process.env['SALLYPORT_SEED'] ?? 20261121);
const count = Number(process.env['SALLYPORT_LINES'] ?? 2_000);
/** Lines that are run together; after each lot it is seen whether there is time for more. */
const lot = 50;
const enoughMs = Number(process.env['SALLYPORT_SECONDS'] ?? 15) * 1_000;
const stubs = ['aa', 'bb', 'cc', 'rm', 'ls'];
const wrappers = ['env', 'nice', 'nohup', 'timeout', 'setsid', 'stdbuf', 'xargs', 'find', 'bash'];
const bash = spawnSync('bash', ['-c', 'type -P bash']).stdout?.toString().trim() ?? '';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-shell-'));
  mkdirSync(join(dir, 'bin'));
  mkdirSync(join(dir, 'cwd'));
  for (const name of stubs) {
    // Words end with NUL, a command with a word that is \x01, in one write: parts of a pipeline do so at the same time.
    const script = `#!${bash}\nprintf '%s\\0' '${name}' "$@" $'\\1' >> "$SEEN"\n`;
    writeFileSync(join(dir, 'bin', name), script);
    chmodSync(join(dir, 'bin', name), 0o755);
  }
  for (const name of wrappers) {
    const path =
      spawnSync('bash', ['-c', `type -P ${name}`])
        .stdout?.toString()
        .trim() ?? '';
    if (path !== '') symlinkSync(path, join(dir, 'bin', name));
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Marsaglia's xorshift: the same lines for the same seed, on every machine. */
function random(from: number): (below: number) => number {
  let state = from | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const plain = [
  ...[
    'x',
    '-r',
    'a b',
    'x=y',
    '',
    '/',
    '{}',
    '[',
    ']',
    '}',
    '!',
    '%',
    '#',
    'a#b',
    '\\',
    '"',
    "'",
    '$',
    '`',
    '*',
    '~',
    'ü',
    'a\tb',
    'a\nb',
    ';',
    '&',
    '|',
  ],
  ...['<', '>', '(', ')', '-', '--', '..', ',', '=', ':', '@', '^', '1', '2'],
];

function lineOf(pick: (below: number) => number): string {
  const one = <T>(from: readonly T[]): T => from[pick(from.length)] as T; // never empty
  const quoteFor = (text: string): string => {
    switch (pick(5)) {
      case 0:
        return `'${text.replaceAll("'", `'\\''`)}'`;
      case 1:
        return `"${text.replaceAll(/[$`"\\]/g, '\\$&')}"`;
      case 2:
        return `$'${[...Buffer.from(text)].map((byte) => (byte < 128 ? `\\x${byte.toString(16).padStart(2, '0')}` : `\\${byte.toString(8)}`)).join('')}'`;
      case 3:
        return text === '' ? "''" : text.replaceAll(/[\s\S]/gu, (c) => (c === '\n' ? `'\n'` : `\\${c}`));
      default:
        return `"${text.replaceAll(/[$`"\\]/g, '\\$&')}"''`;
    }
  };
  const raw = (): string =>
    one([
      'x',
      'a\\ b',
      'x"y"z',
      "x'y'z",
      'a\\\nb',
      '$v',
      '"$v"',
      '${v:-d}',
      '*',
      '?x',
      '[a]',
      '{a,b}',
      '{a..c}',
      '{a}',
      '{}',
      '~',
      'x~',
      'a=~',
      '$((1+2))',
      '$(aa i)',
      '"`bb j`"',
      '$$',
      '$',
      '"$"',
      'a$',
      '\\$v',
      '#x',
      'x#y',
      '%',
      '^',
      '!',
      '\\',
      '"a\\b"',
      '"a\\\nb"',
      "$'a\\nb'",
      "$'\\e\\a'",
      '$"l"',
      'a{b',
      'a}b',
      'a[b',
      'a]b',
      '-n',
      '--',
      '@(a)',
      '+',
      '=x',
    ]);
  const word = (): string => (pick(3) === 0 ? raw() : quoteFor(one(plain)));
  const name = (): string =>
    one([
      'aa',
      'bb',
      'rm',
      'ls',
      "r''m",
      'l\\s',
      '"aa"',
      "$'bb'",
      'c"c"',
      "$'\\x72m'",
      'a\\\na',
      '$n',
      '${n}',
      'a{a,b}',
      '$(echo aa)',
    ]);
  const redirect = (): string => one(['', '', '', ' >o', ' 2>&1', ' <i', ' >>"o p"', ' 2>/dev/null', ' <<<x']);
  const words = (): string => Array.from({ length: pick(4) }, () => ` ${word()}`).join('');
  const simple = (): string => `${one(['', '', '', 'v=1 ', "w='x y' ", '! '])}${name()}${words()}${redirect()}`;
  const wrapped = (): string =>
    one([
      () => `env A=1 ${simple2()}`,
      () => `env -u B ${simple2()}`,
      () => `nice -n 1 ${simple2()}`,
      () => `timeout 5 ${simple2()}`,
      () => `timeout -s KILL 5 ${simple2()}`,
      () => `nohup ${simple2()}`,
      () => `setsid -w ${simple2()}`,
      () => `stdbuf -o0 ${simple2()}`,
      () => `command ${simple2()}`,
      () => `eval ${simple2()}`,
      () => `bash -c '${simple2().replaceAll("'", `'\\''`)}'`,
      () => `bash -ec "ls in; ${name()}"`,
      () => `echo q | xargs ${simple2()}`,
      () => `echo q | xargs -I% ${simple2()} %`,
      () => `find i -exec ${simple2()} {} \\;`,
      () => `( exec ${simple2()} )`,
      () => `trap 'ls t' EXIT`,
    ])();
  const simple2 = (): string => `${name()}${words()}`;
  const unit = (depth: number): string => {
    switch (pick(depth > 2 ? 3 : 9)) {
      case 0:
      case 1:
        return simple();
      case 2:
        return wrapped();
      case 3:
        return `{ ${unit(depth + 1)}; }${redirect()}`;
      case 4:
        return `( ${unit(depth + 1)} )`;
      case 5:
        return `if ${unit(depth + 1)}; then ${unit(depth + 1)}; else ${unit(depth + 1)}; fi`;
      case 6:
        return `for k in ${word()} y; do ${unit(depth + 1)}; done`;
      case 7:
        return `case ${word()} in x) ${unit(depth + 1)};; *) ${unit(depth + 1)};; esac`;
      default:
        return `${unit(depth + 1)} | ${unit(depth + 1)}`;
    }
  };
  const units = Array.from({ length: 1 + pick(3) }, () => unit(0));
  return units.reduce((line, next) => `${line}${one([';', '\n', ' && ', ' || ', ' #c\n'])}${next}`);
}

/** Runs lines one after the other, each in a bash of its own with nothing but the stubs and wrappers to run. */
async function ran(lines: readonly string[]): Promise<readonly (readonly (readonly string[])[])[]> {
  const list = join(dir, 'lines');
  // A file for each line: what a line leaves in the background may run on beside the next one.
  const seen = mkdtempSync(join(dir, 'seen-'));
  writeFileSync(list, lines.map((line) => `${line}\0`).join(''));
  const driver = `cd "$1/cwd"
    n=0
    while IFS= read -r -d '' line <&3; do
      printf x > i; rm -f o 'o p' nohup.out
      : > "$2/$n"
      env -i PATH="$1/bin" SEEN="$2/$n" LC_ALL=C.UTF-8 v=V n=cc bash --norc --noprofile -c "$line" </dev/null >/dev/null 2>&1 3<&-
      n=$((n + 1))
    done 3< "$1/lines"`;
  const child = spawn(bash, ['-c', driver, 'driver', dir, seen], { stdio: 'ignore' });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(0);
  return lines.map((_, i) =>
    readFileSync(join(seen, String(i)), 'utf8')
      .split('\x01\0')
      .slice(0, -1)
      .map((one) => one.split('\0').slice(0, -1)),
  );
}

/** Whether these words are what was said of them: null stands for any number of words. */
function isSaid(words: readonly string[], said: readonly (string | null)[]): boolean {
  const [first, ...others] = said;
  if (first === undefined) return words.length === 0;
  if (first !== null) return words[0] === first && isSaid(words.slice(1), others);
  return Array.from({ length: words.length + 1 }, (_, i) => i).some((i) => isSaid(words.slice(i), others));
}

test.skipIf(bash === '')(
  `whatever bash runs is what was said of the line (seed ${String(seed)})`,
  { timeout: enoughMs + 300_000 },
  async () => {
    const pick = random(seed);
    const lines: string[] = [];
    const runs: (readonly (readonly string[])[])[] = [];
    for (const began = performance.now(); lines.length < count && performance.now() - began < enoughMs;) {
      const next = Array.from({ length: lot }, () => lineOf(pick));
      lines.push(...next);
      runs.push(...(await ran(next)));
    }
    const wrong: unknown[] = [];
    let [judged, known] = [0, 0];
    for (const [i, line] of lines.entries()) {
      const read = readLine(line, { shell: 'bash' });
      if (!read.ok) throw new TypeError(read.why);
      const executed = runs[i] ?? [];
      // A line that is none to us may be one to bash: it is refused.
      if (read.commands[0].parse_error !== null) continue;
      const isOpaque = read.commands.some(({ effects }) => effects.includes('opaque'));
      if (isOpaque) continue;
      judged++;
      known += executed.length;
      for (const words of executed) {
        const isOne = read.commands.some(
          ({ name, argv }) => name === words[0] && isSaid(words.slice(1), argv.slice(1)),
        );
        if (!isOne) wrong.push({ line, words, said: read.commands.map(({ argv }) => argv) });
      }
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    // Otherwise nothing was compared.
    expect(judged).toBeGreaterThan(lines.length / 10);
    expect(known).toBeGreaterThan(lines.length / 10);
  },
);

test.runIf(bash === '')('no bash here: what it runs was not compared', () => {
  expect(bash).toBe('');
});
